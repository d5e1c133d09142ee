package dev.strata.udfs.transformer;

import dev.strata.udfs.tensor.Tensor;

/**
 * A micro-batch with its hidden states on the device.
 *
 * @param block its tokens
 * @param hidden [rows, hidden], the residual stream
 * @param carried [rows, carried], what tokens carry beside it; no elements where that is nothing
 * @param kept [rows, hidden], what the layer's experts take; no elements where no layer has any
 * @param row the row of the block's first token in all of them
 */
public record BlockState(TokenBlock block, Tensor hidden, Tensor carried, Tensor kept, long row) {

  int tokens() {
    return block.tokens();
  }
}
