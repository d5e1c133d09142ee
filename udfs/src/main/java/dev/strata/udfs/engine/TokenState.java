package dev.strata.udfs.engine;

import dev.strata.udfs.model.DecoderSpec;
import dev.strata.udfs.tensor.ComputeDevice;
import dev.strata.udfs.tensor.NumberType;

/**
 * What there is of each token between stages.
 *
 * @param hiddenSize elements of the residual stream
 * @param carriedWidth elements that the token carries beside it
 * @param keeps whether layers keep something of it for their experts, as wide as the residual
 *     stream
 * @param exactly whether that is of the type of activations that lose nothing in norms
 */
record TokenState(int hiddenSize, int carriedWidth, boolean keeps, boolean exactly) {

  static TokenState of(DecoderSpec spec) {
    return new TokenState(
        spec.hiddenSize(), spec.carriedWidth(), spec.mostChosen() > 0, spec.normsExactly());
  }

  /** The type of what is kept. */
  NumberType keptType(ComputeDevice device) {
    return device.activationType(exactly);
  }

  /** Elements of the residual stream and of what the token carries. */
  int width() {
    return hiddenSize + carriedWidth;
  }
}
