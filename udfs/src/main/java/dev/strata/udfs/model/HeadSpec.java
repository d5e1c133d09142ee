package dev.strata.udfs.model;

/**
 * What comes after the last layer: {@code logits = norm(hidden) · matrixᵀ}.
 *
 * @param norm [hidden]
 * @param epsilon added to the mean square in the norm
 * @param matrix [vocab, hidden] the head's own
 * @param tied whether the embedding's matrix is used instead
 */
public record HeadSpec(WeightSpec norm, double epsilon, WeightSpec matrix, boolean tied) {

  HeadSpec untied() {
    return new HeadSpec(norm, epsilon, matrix, false);
  }
}
