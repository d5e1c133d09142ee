package dev.strata.udfs.store;

import dev.strata.udfs.model.ElementType;
import dev.strata.udfs.model.WeightSpec;

/**
 * One tensor of a checkpoint, or some of its rows, and where its bytes are.
 *
 * @param spec which tensor of the model
 * @param file the shard, a name within the checkpoint
 * @param offset the file offset of its first byte
 * @param type how its elements are stored
 */
public record Weight(WeightSpec spec, String file, long offset, ElementType type) {

  /** Rows of a matrix in row-major order; 1 for a vector. */
  public int rows() {
    return spec.rows();
  }

  /** Elements of a row. */
  public int columns() {
    return spec.columns();
  }

  /** Bytes of one row. */
  public long rowBytes() {
    return (long) columns() * type.bytes();
  }

  /** Bytes of all rows. */
  public long bytes() {
    return rows() * rowBytes();
  }
}
