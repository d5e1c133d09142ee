package dev.strata.udfs.transformer;

import dev.strata.udfs.tensor.Tensor;

/**
 * A micro-batch with its hidden states on the device.
 *
 * @param block its tokens
 * @param hidden [rows, hidden], the residual stream
 * @param kept [rows, hidden], what the layer's experts take; no elements where no layer has any
 * @param row the row of the block's first token in both
 */
public record BlockState(TokenBlock block, Tensor hidden, Tensor kept, long row) {

  int tokens() {
    return block.tokens();
  }
}
