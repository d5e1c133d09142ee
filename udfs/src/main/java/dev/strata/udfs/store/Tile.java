package dev.strata.udfs.store;

import java.util.List;

/**
 * A run of whole rows of one matrix as they lie in the files.
 *
 * @param index its place in the sweep, from 0
 * @param stage the stage it belongs to, by its place in the sweep
 * @param step the product it belongs to, by its place among the stage's steps
 * @param weight the matrix
 * @param firstRow its first row
 * @param rows how many rows
 */
public record Tile(int index, int stage, int step, Weight weight, int firstRow, int rows) {

  /** Where its bytes are: the rows' elements, then what they are decoded with. */
  public List<Extent> extents() {
    return weight.extents(firstRow, rows);
  }

  /** Bytes of all extents. */
  public long bytes() {
    return extents().stream().mapToLong(Extent::bytes).sum();
  }
}
