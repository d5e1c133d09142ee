package dev.strata.udfs.model;

import java.util.List;
import java.util.Map;

/** Gemma 3, the text model; Gemma3TextConfig in Hugging Face transformers. */
final class Gemma3Family implements ModelFamily {

  @Override
  public String modelType() {
    return "gemma3_text";
  }

  @Override
  public Map<String, Integer> sizesOfClass() {
    return Map.of(
        "vocab_size", 262_208,
        "hidden_size", 2_304,
        "intermediate_size", 9_216,
        "num_hidden_layers", 26,
        "num_attention_heads", 8);
  }

  @Override
  public DecoderSpec read(JsonFields config) {
    DecoderFields fields =
        new DecoderFields(config)
            .defaultContextLength(131_072)
            .defaultKeyValueHeads(4)
            .defaultHeadDim(256)
            .defaultTheta(1_000_000)
            .stretchedAlready()
            .tiedByDefault()
            .normsFromOne()
            .logits(1, config.positiveOr("final_logit_softcapping", 0));
    fields.requireCausal();
    fields.embeddingScale((float) Math.sqrt(fields.hiddenSize()));
    AttentionSpec plain =
        fields
            .attentionOf("full_attention")
            .withScores(1 / Math.sqrt(config.positiveOr("query_pre_attn_scalar", 256)), 0);
    AttentionSpec sliding = plain.withRope(local(config, fields)).withWindow(fields.window(4_096));
    Activation activation = fields.activation("hidden_activation", "gelu_pytorch_tanh");
    int intermediate = fields.intermediateSize();
    boolean bias = config.flagOr("attention_bias", false);
    int every =
        config.sizeOr("sliding_window_pattern", config.sizeOr("_sliding_window_pattern", 6));
    return fields.decoder(
        modelType(),
        layer -> {
          StageBuilder a = fields.stage(layer);
          AttentionSpec attention = // norms of [headDim] each
              a.normed(
                  LayerTypes.slides(config, layer, every) ? sliding : plain,
                  "self_attn.q_norm",
                  "self_attn.k_norm");
          Buffer x = a.norm("input_layernorm"); // [hidden]
          Buffer qkv = a.queryKeyValue("self_attn", x, attention, bias);
          Buffer y = a.attend(qkv, attention); // [heads · headDim]
          a.addNormed("post_attention_layernorm", a.product("self_attn.o_proj", y, bias));

          StageBuilder f = fields.stage(layer);
          Buffer z = f.norm("pre_feedforward_layernorm"); // [hidden]
          Buffer g = f.gated("mlp", z, intermediate, activation, false);
          f.addNormed("post_feedforward_layernorm", f.product("mlp.down_proj", g, false));
          return new LayerProgram(List.of(a.build("attention"), f.build("feed-forward")));
        });
  }

  /** Layers that slide rotate without scaling, in the older form by a field of their own. */
  private static RopeSpec local(JsonFields config, DecoderFields fields) {
    return config.object("rope_parameters").isPresent("sliding_attention")
        ? fields.rope().ofLayers("sliding_attention").spec()
        : RopeFields.plain(config.positiveOr("rope_local_base_freq", 10_000), fields.headDim());
  }
}
