package dev.strata.udfs.engine;

import dev.strata.udfs.model.DecoderSpec;

/**
 * What there is of each token between stages.
 *
 * @param hiddenSize elements of the residual stream
 * @param carriedWidth elements that the token carries beside it
 * @param keeps whether layers keep something of it for their experts, as wide as the residual
 *     stream
 */
record TokenState(int hiddenSize, int carriedWidth, boolean keeps) {

  static TokenState of(DecoderSpec spec) {
    return new TokenState(spec.hiddenSize(), spec.carriedWidth(), spec.mostChosen() > 0);
  }

  /** Elements of the residual stream and of what the token carries. */
  int width() {
    return hiddenSize + carriedWidth;
  }
}
