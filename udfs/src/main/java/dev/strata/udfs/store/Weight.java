package dev.strata.udfs.store;

import dev.strata.udfs.model.ElementType;
import dev.strata.udfs.model.WeightRole;

/**
 * One tensor of a checkpoint and where its bytes are.
 *
 * @param role what it is for
 * @param layer the layer it belongs to, -1 for embedding, final norm and head
 * @param file the shard, a name within the checkpoint
 * @param offset the file offset of its first byte
 * @param type how its elements are stored
 * @param rows rows of a matrix in row-major order; 1 for a vector
 * @param columns elements of a row
 */
public record Weight(
    WeightRole role, int layer, String file, long offset, ElementType type, int rows, int columns) {

  /** Bytes of one row. */
  public long rowBytes() {
    return (long) columns * type.bytes();
  }

  /** Bytes of the whole tensor. */
  public long bytes() {
    return rows * rowBytes();
  }
}
