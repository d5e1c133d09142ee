package dev.strata.udfs.model;

import java.util.ArrayList;
import java.util.List;

/** The tensors of a decoder with the names that Hugging Face checkpoints give them. */
public final class DecoderWeights {

  private final DecoderSpec spec;
  private final List<WeightSpec> weights = new ArrayList<>();

  private DecoderWeights(DecoderSpec spec) {
    this.spec = spec;
  }

  /**
   * Every tensor that the forward pass of a model needs, in the order of a sweep. A tied head is
   * not among them: its tensor is the embedding's.
   */
  public static List<WeightSpec> of(DecoderSpec spec) {
    DecoderWeights weights = new DecoderWeights(spec);
    weights.weights.add(embedding(spec));
    for (int layer = 0; layer < spec.layers().size(); layer++) {
      weights.attention(layer, "model.layers." + layer + ".");
      weights.feedForward(layer, "model.layers." + layer + ".");
    }
    weights.vector(WeightRole.FINAL_NORM, -1, "model.norm.weight", spec.hiddenSize());
    if (!spec.tiedHead()) {
      weights.weights.add(head(spec));
    }
    return List.copyOf(weights.weights);
  }

  /** The embedding, which is the head of a tied model too. */
  public static WeightSpec embedding(DecoderSpec spec) {
    return new WeightSpec(
        WeightRole.EMBEDDING, -1, "model.embed_tokens.weight", spec.vocabSize(), spec.hiddenSize());
  }

  /** The head, which a tied model may have nevertheless. */
  public static WeightSpec head(DecoderSpec spec) {
    return new WeightSpec(
        WeightRole.HEAD, -1, "lm_head.weight", spec.vocabSize(), spec.hiddenSize());
  }

  private void attention(int layer, String prefix) {
    int hidden = spec.hiddenSize();
    String attention = prefix + "self_attn.";
    vector(WeightRole.ATTENTION_NORM, layer, prefix + "input_layernorm.weight", hidden);
    matrix(WeightRole.QUERY, layer, attention + "q_proj.weight", spec.queryWidth(), hidden);
    matrix(WeightRole.KEY, layer, attention + "k_proj.weight", spec.keyValueWidth(), hidden);
    matrix(WeightRole.VALUE, layer, attention + "v_proj.weight", spec.keyValueWidth(), hidden);
    if (spec.queryKeyValueBias()) {
      vector(WeightRole.QUERY_BIAS, layer, attention + "q_proj.bias", spec.queryWidth());
      vector(WeightRole.KEY_BIAS, layer, attention + "k_proj.bias", spec.keyValueWidth());
      vector(WeightRole.VALUE_BIAS, layer, attention + "v_proj.bias", spec.keyValueWidth());
    }
    if (spec.queryKeyNorm()) {
      vector(WeightRole.QUERY_NORM, layer, attention + "q_norm.weight", spec.headDim());
      vector(WeightRole.KEY_NORM, layer, attention + "k_norm.weight", spec.headDim());
    }
    matrix(
        WeightRole.ATTENTION_OUTPUT, layer, attention + "o_proj.weight", hidden, spec.queryWidth());
    if (spec.attentionOutputBias()) {
      vector(WeightRole.ATTENTION_OUTPUT_BIAS, layer, attention + "o_proj.bias", hidden);
    }
  }

  private void feedForward(int layer, String prefix) {
    int hidden = spec.hiddenSize();
    int intermediate = spec.intermediateSize();
    String feedForward = prefix + "mlp.";
    vector(WeightRole.FEED_FORWARD_NORM, layer, prefix + "post_attention_layernorm.weight", hidden);
    matrix(WeightRole.GATE, layer, feedForward + "gate_proj.weight", intermediate, hidden);
    matrix(WeightRole.UP, layer, feedForward + "up_proj.weight", intermediate, hidden);
    matrix(WeightRole.DOWN, layer, feedForward + "down_proj.weight", hidden, intermediate);
    if (spec.feedForwardBias()) {
      vector(WeightRole.GATE_BIAS, layer, feedForward + "gate_proj.bias", intermediate);
      vector(WeightRole.UP_BIAS, layer, feedForward + "up_proj.bias", intermediate);
      vector(WeightRole.DOWN_BIAS, layer, feedForward + "down_proj.bias", hidden);
    }
  }

  private void matrix(WeightRole role, int layer, String name, int rows, int columns) {
    weights.add(new WeightSpec(role, layer, name, rows, columns));
  }

  private void vector(WeightRole role, int layer, String name, int columns) {
    weights.add(new WeightSpec(role, layer, name, 1, columns));
  }
}
