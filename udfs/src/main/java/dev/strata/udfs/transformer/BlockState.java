package dev.strata.udfs.transformer;

import dev.strata.udfs.tensor.Tensor;

/**
 * A micro-batch with its hidden states on the device.
 *
 * @param block its tokens
 * @param hidden [rows, hidden], the residual stream
 * @param carried [rows, carried], what tokens carry beside it; of no elements where that is nothing
 * @param row the row of the block's first token
 */
public record BlockState(TokenBlock block, Tensor hidden, Tensor carried, long row) {

  int tokens() {
    return block.tokens();
  }
}
