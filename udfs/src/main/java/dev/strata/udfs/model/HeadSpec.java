package dev.strata.udfs.model;

/**
 * What comes after the last layer: {@code logits = scale · norm(hidden) · matrixᵀ}.
 *
 * @param norm [hidden]
 * @param epsilon added to the mean square in the norm
 * @param matrix [vocab, hidden] the head's own
 * @param tied whether the embedding's matrix is used instead
 * @param scale what products are multiplied by
 * @param softCap logits are {@code softCap · tanh(logit / softCap)}; 0 for none
 */
public record HeadSpec(
    WeightSpec norm,
    double epsilon,
    WeightSpec matrix,
    boolean tied,
    double scale,
    double softCap) {

  HeadSpec untied() {
    return new HeadSpec(norm, epsilon, matrix, false, scale, softCap);
  }
}
