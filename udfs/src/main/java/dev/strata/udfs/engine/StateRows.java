package dev.strata.udfs.engine;

import dev.strata.udfs.tensor.ComputeDevice;
import dev.strata.udfs.tensor.Holdings;
import dev.strata.udfs.tensor.Tensor;
import dev.strata.udfs.transformer.BlockState;
import dev.strata.udfs.transformer.TokenBlock;

/**
 * Memory for tokens between stages: the residual stream, behind it what they carry beside, and what
 * is kept of them for experts.
 */
final class StateRows implements AutoCloseable {

  private final Holdings holdings = new Holdings();
  private final Tensor whole;
  private final Tensor hidden;
  private final Tensor carried;
  private final Tensor kept;

  /**
   * @param owner whose it is, for the device's account
   * @param keptOwner the same of what is kept
   */
  StateRows(ComputeDevice device, String owner, String keptOwner, int tokens, TokenState state) {
    try {
      this.whole =
          holdings.add(device.allocate(owner, device.residualType(), tokens, state.width()));
      this.kept =
          state.keeps()
              ? holdings.add(
                  device.allocate(keptOwner, state.keptType(device), tokens, state.hiddenSize()))
              : device.none();
      if (state.carriedWidth() == 0) {
        this.hidden = whole;
        this.carried = device.none();
      } else {
        this.hidden = holdings.add(columns(device, 0, state.hiddenSize()));
        this.carried = holdings.add(columns(device, state.hiddenSize(), state.carriedWidth()));
      }
    } catch (Throwable e) {
      holdings.closeAfter(e);
      throw e;
    }
  }

  private Tensor columns(ComputeDevice device, int first, int count) {
    return device.kernels().columns(whole, first, count);
  }

  /** The residual stream and what tokens carry beside it, [tokens, width]. */
  Tensor whole() {
    return whole;
  }

  /** [tokens, hidden]; of no elements where nothing is kept. */
  Tensor kept() {
    return kept;
  }

  /**
   * A block whose tokens these are.
   *
   * @param row of its first token
   */
  BlockState of(TokenBlock block, long row) {
    return new BlockState(block, hidden, carried, kept, row);
  }

  @Override
  public void close() {
    holdings.close();
  }
}
