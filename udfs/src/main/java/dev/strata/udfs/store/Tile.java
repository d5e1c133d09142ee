package dev.strata.udfs.store;

/**
 * A run of whole rows of one matrix as it lies in the file.
 *
 * @param index its place in the sweep, from 0
 * @param stage the stage it belongs to, by its place in the sweep
 * @param step the product it belongs to, by its place among the stage's steps
 * @param weight the matrix
 * @param firstRow its first row
 * @param rows how many rows
 */
public record Tile(int index, int stage, int step, Weight weight, int firstRow, int rows) {

  /** The file offset of its first byte. */
  public long offset() {
    return weight.offset() + firstRow * weight.rowBytes();
  }

  /** Bytes of the tile. */
  public long bytes() {
    return rows * weight.rowBytes();
  }
}
