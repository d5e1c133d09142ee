package dev.strata.udfs.model;

import java.util.List;

/**
 * A tensor that the forward pass needs.
 *
 * @param role what it is for
 * @param layer the layer it belongs to, -1 for embedding, final norm and head
 * @param name its name in Hugging Face checkpoints
 * @param rows rows of a matrix; 1 for a vector
 * @param columns elements of a row
 */
public record WeightSpec(WeightRole role, int layer, String name, int rows, int columns) {

  /** The shape it has in a checkpoint: [rows, columns] of a matrix, [columns] of a vector. */
  public List<Long> shape() {
    return role.isMatrix() ? List.of((long) rows, (long) columns) : List.of((long) columns);
  }
}
