package dev.strata.udfs.model;

/**
 * A matrix of which only the rows of the tokens at hand are read.
 *
 * @param matrix [vocab, width]
 * @param scale what rows are multiplied by
 */
public record EmbeddingSpec(WeightSpec matrix, double scale) {

  /** Elements of a row. */
  public int width() {
    return matrix.columns();
  }
}
