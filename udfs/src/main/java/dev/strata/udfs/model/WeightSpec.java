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

  private static final String BASE_MODEL = "model.";

  /**
   * The names that it may have in a checkpoint, the usual one first. As in Hugging Face
   * transformers, the model within a model with a head may be saved alone, or once more enclosed.
   */
  public List<String> names() {
    return name.startsWith(BASE_MODEL)
        ? List.of(name, name.substring(BASE_MODEL.length()), BASE_MODEL + name)
        : List.of(name, BASE_MODEL + name);
  }

  /** The shape it has in a checkpoint: [rows, columns] of a matrix, [columns] of a vector. */
  public List<Long> shape() {
    return role.isMatrix() ? List.of((long) rows, (long) columns) : List.of((long) columns);
  }
}
