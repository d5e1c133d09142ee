package dev.strata.udfs.model;

import java.util.List;

/**
 * A decoder-only transformer as its {@code config.json} describes it: pre-normed attention and
 * gated feed-forward stages with RMS norms.
 *
 * @param family the {@code model_type}
 * @param vocabSize rows of the embedding and of the head
 * @param hiddenSize width of the residual stream
 * @param intermediateSize width between the feed-forward's matrices
 * @param heads query heads
 * @param kvHeads key and value heads; divides {@code heads}
 * @param headDim width of one head
 * @param normEpsilon added to the mean square in every RMS norm
 * @param activation the feed-forward's non-linearity
 * @param queryKeyValueBias whether query, key and value products have biases
 * @param attentionOutputBias whether the attention's output product has one
 * @param feedForwardBias whether gate, up and down products have biases
 * @param queryKeyNorm whether queries and keys are RMS-normed head by head before they are rotated
 * @param tiedHead whether the head is the embedding's matrix
 * @param contextLength the most tokens of one sequence, prompt and completion together
 * @param layers one for each layer
 */
public record DecoderSpec(
    String family,
    int vocabSize,
    int hiddenSize,
    int intermediateSize,
    int heads,
    int kvHeads,
    int headDim,
    double normEpsilon,
    Activation activation,
    boolean queryKeyValueBias,
    boolean attentionOutputBias,
    boolean feedForwardBias,
    boolean queryKeyNorm,
    boolean tiedHead,
    int contextLength,
    List<LayerSpec> layers) {

  public DecoderSpec {
    layers = List.copyOf(layers);
  }

  /** The same with a head of its own. */
  public DecoderSpec untied() {
    return new DecoderSpec(
        family,
        vocabSize,
        hiddenSize,
        intermediateSize,
        heads,
        kvHeads,
        headDim,
        normEpsilon,
        activation,
        queryKeyValueBias,
        attentionOutputBias,
        feedForwardBias,
        queryKeyNorm,
        false,
        contextLength,
        layers);
  }

  /** Width of all query heads together. */
  public int queryWidth() {
    return heads * headDim;
  }

  /** Width of all key heads together, and of all value heads. */
  public int keyValueWidth() {
    return kvHeads * headDim;
  }
}
