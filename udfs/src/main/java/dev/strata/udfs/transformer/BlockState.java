package dev.strata.udfs.transformer;

import dev.strata.udfs.tensor.Tensor;

/**
 * A micro-batch with its hidden states on the device.
 *
 * @param block its tokens
 * @param hidden [rows, hidden], the residual stream
 * @param row the row of the block's first token
 */
public record BlockState(TokenBlock block, Tensor hidden, long row) {

  int tokens() {
    return block.tokens();
  }
}
