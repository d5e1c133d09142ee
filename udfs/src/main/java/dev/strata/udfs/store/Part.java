package dev.strata.udfs.store;

import dev.strata.udfs.model.ElementType;

/**
 * A tensor that a weight is made of: its numbers, or what they are decoded with.
 *
 * @param file the shard, a name within the checkpoint
 * @param offset the file offset of its first byte
 * @param type how its elements are stored
 * @param rowElements elements of one of its rows
 * @param firstRow the weight's first row, counted in the matrix that this tensor is of
 * @param rowsEach how many rows of that matrix share one of its rows
 */
public record Part(
    String file, long offset, ElementType type, long rowElements, int firstRow, int rowsEach) {

  /** Bytes of one row. */
  public long rowBytes() {
    return type.bytes(rowElements);
  }

  /** What of it belongs to some rows of the weight. */
  Extent extent(int first, int rows) {
    return new Extent(file, offset + rowOf(first) * rowBytes(), rows(first, rows) * rowBytes());
  }

  /** How many of its rows belong to some rows of the weight. */
  public int rows(int first, int rows) {
    return (int) (rowOf(first + rows - 1) - rowOf(first) + 1);
  }

  private long rowOf(int row) {
    return ((long) firstRow + row) / rowsEach;
  }
}
