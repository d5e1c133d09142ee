package dev.strata.udfs.model;

import java.util.List;

/**
 * The layers of Qwen's hybrids before their feed-forward: most have a gated delta rule, the others
 * attention with gates.
 *
 * @param linear whether each layer has the delta rule
 * @param attention of the others, without its norms
 * @param biased whether attention's matrices have biases
 * @param byKeyHead whether what belongs to a key head is side by side in the delta rule's matrices
 */
record QwenHybrid(
    JsonFields config,
    List<Boolean> linear,
    AttentionSpec attention,
    boolean biased,
    boolean byKeyHead) {

  static QwenHybrid read(JsonFields config, DecoderFields fields, boolean byKeyHead) {
    if (fields.activation() != Activation.SILU) {
      throw config.invalid("hidden_act", "silu");
    }
    if (!config.flagOr("attn_output_gate", true)) {
      throw config.invalid("attn_output_gate", "true");
    }
    return new QwenHybrid(
        config,
        LayerTypes.linear(config),
        fields.attention(),
        config.flagOr("attention_bias", false),
        byKeyHead);
  }

  /** The stage of a layer. */
  Stage stage(DecoderFields fields, int layer) {
    return linear.get(layer) ? deltaRule(fields.stage(layer)) : attention(fields.stage(layer));
  }

  private Stage deltaRule(StageBuilder r) {
    RecurrenceSpec rule = rule(r);
    Buffer x = r.norm("input_layernorm"); // [hidden]
    Buffer m = // [q, k, v, z, b, a]
        byKeyHead ? r.mixedByKeyHead("linear_attn", x, rule) : r.mixed("linear_attn", x, rule);
    Buffer y = r.recur(m, rule); // [valueHeads · valueDim]
    r.gateNormed("linear_attn.norm", m, rule, y);
    r.addProduct("linear_attn.out_proj", y, false);
    return r.build("delta rule");
  }

  private RecurrenceSpec rule(StageBuilder r) {
    if (!linear.contains(false)) {
      throw config.unusable("no layer has full attention");
    }
    int keyHeads = config.sizeOr("linear_num_key_heads", 16);
    int valueHeads = config.sizeOr("linear_num_value_heads", 32);
    int keyDim = config.sizeOr("linear_key_head_dim", 128);
    int valueDim = config.sizeOr("linear_value_head_dim", 128);
    int kernel = config.sizeOr("linear_conv_kernel_dim", 4);
    if (valueHeads % keyHeads != 0) {
      throw config.unusable(
          String.format(
              "linear_num_value_heads %d is not a multiple of linear_num_key_heads %d",
              valueHeads, keyHeads));
    }
    if (kernel < 2) {
      throw config.invalid("linear_conv_kernel_dim", "at least 2");
    }
    int keys =
        config.width("linear_num_key_heads times linear_key_head_dim", (long) keyHeads * keyDim);
    int values =
        config.width(
            "linear_num_value_heads times linear_value_head_dim", (long) valueHeads * valueDim);
    int channels = config.width("channels of the convolution", 2L * keys + values);
    return new RecurrenceSpec(
        keyHeads,
        valueHeads,
        keyDim,
        valueDim,
        kernel,
        byKeyHead,
        WeightSpec.filters(r.named("linear_attn.conv1d.weight"), channels, kernel),
        WeightSpec.vector(r.named("linear_attn.A_log"), valueHeads).exactly(),
        WeightSpec.vector(r.named("linear_attn.dt_bias"), valueHeads).exactly());
  }

  private Stage attention(StageBuilder a) {
    AttentionSpec normed = // norms of [headDim] each
        a.normed(attention, "self_attn.q_norm", "self_attn.k_norm");
    Buffer x = a.norm("input_layernorm"); // [hidden]
    Buffer q = a.gatedQueries("self_attn.q_proj", x, normed, biased); // [heads · 2 · headDim]
    Buffer qkv = a.queryKeyValue("self_attn", q, x, normed, biased);
    Buffer y = a.attend(qkv, normed); // [heads · headDim]
    a.gateHeads(q, normed, y);
    a.addProduct("self_attn.o_proj", y, biased);
    return a.build("attention");
  }
}
