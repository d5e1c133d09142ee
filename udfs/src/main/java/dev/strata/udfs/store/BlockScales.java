package dev.strata.udfs.store;

/**
 * What the elements of a matrix are multiplied by, block by block.
 *
 * @param part [rows of blocks, columns of blocks]
 * @param blockColumns how many columns of the matrix share one of its columns
 */
public record BlockScales(Part part, int blockColumns) {

  /** How many rows of the matrix share one of its rows. */
  public int blockRows() {
    return part.rowsEach();
  }

  /** Its columns. */
  public int columns() {
    return (int) part.rowElements();
  }

  /** The bytes of each of the matrix' rows, rounded up. */
  long bytesEachRow() {
    return (part.rowBytes() + blockRows() - 1) / blockRows();
  }
}
