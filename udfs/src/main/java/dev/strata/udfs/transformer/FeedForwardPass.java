package dev.strata.udfs.transformer;

import dev.strata.udfs.model.Activation;
import dev.strata.udfs.model.WeightRole;
import dev.strata.udfs.tensor.Kernels;
import dev.strata.udfs.tensor.Tensor;

/** {@code hidden += down(activation(gate(x)) · up(x))} with {@code x = norm(hidden)}. */
final class FeedForwardPass implements StagePass {

  private final Transformer model;
  private final int layer;

  FeedForwardPass(Transformer model, int layer) {
    if (model.spec().activation() != Activation.SILU) {
      throw new IllegalArgumentException("no kernel for " + model.spec().activation());
    }
    this.model = model;
    this.layer = layer;
  }

  @Override
  public void before(WeightRole matrix, BlockState block) {
    if (matrix == WeightRole.GATE) {
      model.normBlock(WeightRole.FEED_FORWARD_NORM, layer, block);
    }
  }

  @Override
  public void apply(WeightRole matrix, int firstRow, Tensor tile, BlockState block) {
    Kernels kernels = model.kernels();
    Activations buffers = model.activations();
    int n = block.tokens();
    switch (matrix) {
      case GATE ->
          kernels.storeSiluProduct(
              buffers.normed, n, tile, bias(WeightRole.GATE_BIAS), firstRow, buffers.intermediate);
      case UP ->
          kernels.multiplyProduct(
              buffers.normed, n, tile, bias(WeightRole.UP_BIAS), firstRow, buffers.intermediate);
      case DOWN ->
          kernels.addProduct(
              buffers.intermediate,
              n,
              tile,
              bias(WeightRole.DOWN_BIAS),
              firstRow,
              block.hidden(),
              block.row());
      default -> throw new IllegalArgumentException(matrix + " is not of the feed-forward stage");
    }
  }

  private Tensor bias(WeightRole role) {
    return model.vector(role, layer);
  }
}
