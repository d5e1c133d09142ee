package dev.strata.udfs.transformer;

import dev.strata.udfs.kv.KvPool;
import dev.strata.udfs.model.DecoderSpec;
import dev.strata.udfs.model.WeightRole;
import dev.strata.udfs.tensor.ComputeDevice;
import dev.strata.udfs.tensor.Kernels;
import dev.strata.udfs.tensor.Tensor;

/**
 * The forward pass of a decoder, as stages that tiles are handed to. Reads as {@code hidden +=
 * attention(norm(hidden))}, {@code hidden += feedForward(norm(hidden))} for each layer, then {@code
 * head(norm(hidden))}.
 */
public final class Transformer {

  private final ComputeDevice device;
  private final DecoderSpec spec;
  private final ResidentWeights vectors;
  private final KvPool pool;
  private final Activations activations;

  public Transformer(
      ComputeDevice device,
      DecoderSpec spec,
      ResidentWeights vectors,
      KvPool pool,
      Activations activations) {
    this.device = device;
    this.spec = spec;
    this.vectors = vectors;
    this.pool = pool;
    this.activations = activations;
  }

  /** The attention stage of a layer. */
  public StagePass attention(int layer, TokenPlaces places) {
    return new AttentionPass(this, layer, places);
  }

  /** The feed-forward stage of a layer. */
  public StagePass feedForward(int layer) {
    return new FeedForwardPass(this, layer);
  }

  /**
   * The head over some of the sweep's tokens.
   *
   * @param tokens which, in the sweep's order; those whose logits are wanted in full come first
   * @param logits [at least logitRows, vocabulary] float32 on the host
   * @param logitRows how many of the tokens have their logits kept
   */
  public HeadPass head(long[] tokens, Tensor logits, int logitRows) {
    try (Tensor index = device.indexes(tokens)) {
      Tensor normed =
          kernels()
              .normPicked(
                  activations.hidden, index, vector(WeightRole.FINAL_NORM, -1), spec.normEpsilon());
      return new HeadPass(device, normed, logits, logitRows);
    }
  }

  void normBlock(WeightRole norm, int layer, TokenBlock block) {
    kernels()
        .normRows(
            activations.hidden,
            block.first(),
            block.tokens(),
            vector(norm, layer),
            spec.normEpsilon(),
            activations.normed);
  }

  Tensor vector(WeightRole role, int layer) {
    return vectors.vector(role, layer);
  }

  DecoderSpec spec() {
    return spec;
  }

  Kernels kernels() {
    return device.kernels();
  }

  KvPool pool() {
    return pool;
  }

  Activations activations() {
    return activations;
  }
}
