package dev.strata.udfs.engine;

import dev.strata.udfs.tensor.ComputeDevice;
import dev.strata.udfs.tensor.Holdings;
import dev.strata.udfs.tensor.Tensor;
import dev.strata.udfs.transformer.BlockState;
import dev.strata.udfs.transformer.TokenBlock;

/** Memory for tokens between stages: the residual stream, and behind it what they carry beside. */
final class StateRows implements AutoCloseable {

  private final Holdings holdings = new Holdings();
  private final Tensor whole;
  private final Tensor hidden;
  private final Tensor carried;

  /**
   * @param owner whose it is, for the device's account
   * @param width elements of a token
   * @param carriedWidth those of them that it carries
   */
  StateRows(ComputeDevice device, String owner, int tokens, int width, int carriedWidth) {
    this.whole = holdings.add(device.allocate(owner, device.residualType(), tokens, width));
    if (carriedWidth == 0) {
      this.hidden = whole;
      this.carried = device.none();
      return;
    }
    int hiddenSize = width - carriedWidth;
    try {
      this.hidden = holdings.add(device.kernels().columns(whole, 0, hiddenSize));
      this.carried = holdings.add(device.kernels().columns(whole, hiddenSize, carriedWidth));
    } catch (Throwable e) {
      holdings.closeAfter(e);
      throw e;
    }
  }

  /** [tokens, width]. */
  Tensor whole() {
    return whole;
  }

  /**
   * A block whose tokens these are.
   *
   * @param row of its first token
   */
  BlockState of(TokenBlock block, long row) {
    return new BlockState(block, hidden, carried, row);
  }

  @Override
  public void close() {
    holdings.close();
  }
}
