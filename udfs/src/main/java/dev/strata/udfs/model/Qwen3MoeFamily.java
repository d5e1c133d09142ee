package dev.strata.udfs.model;

import java.util.List;

/** Qwen3 as a mixture of experts; Qwen3MoeConfig in Hugging Face transformers. */
final class Qwen3MoeFamily implements ModelFamily {

  @Override
  public String modelType() {
    return "qwen3_moe";
  }

  @Override
  public DecoderSpec read(JsonFields config) {
    DecoderFields fields =
        new DecoderFields(config).defaultContextLength(32_768).defaultKeyValueHeads(4);
    boolean slides = config.flagOr("use_sliding_window", false);
    AttentionSpec plain = fields.attention().withWindow(slides ? fields.window(4_096) : 0);
    Activation activation = fields.activation();
    int intermediate = fields.intermediateSize();
    boolean bias = config.flagOr("attention_bias", false);
    QwenSparseLayers sparse = QwenSparseLayers.read(config);
    RouterFields router = new RouterFields(config);
    int count = router.experts("num_experts", "num_local_experts");
    RoutingSpec routing =
        router.best(count, 8, RoutingSpec.Scoring.SOFTMAX, config.flagOr("norm_topk_prob", false));
    Experts experts = Experts.of(count, config.width("moe_intermediate_size"), activation);
    return fields.decoder(
        modelType(),
        layer -> {
          StageBuilder a = fields.stage(layer);
          AttentionSpec attention = // norms of [headDim] each
              a.normed(plain, "self_attn.q_norm", "self_attn.k_norm");
          Buffer x = a.norm("input_layernorm"); // [hidden]
          Buffer qkv = a.queryKeyValue("self_attn", x, attention, bias);
          Buffer y = a.attend(qkv, attention); // [heads · headDim]
          a.addProduct("self_attn.o_proj", y, bias);

          StageBuilder f = fields.stage(layer);
          Buffer z = f.norm("post_attention_layernorm"); // [hidden]
          if (!sparse.isSparse(layer)) {
            Buffer g = f.gated("mlp", z, intermediate, activation, false);
            f.addProduct("mlp.down_proj", g, false);
            return new LayerProgram(List.of(a.build("attention"), f.build("feed-forward")));
          }
          f.route("mlp.gate", z, routing, false);
          return LayerProgram.of(
              a.build("attention"), fields.routed(f.build("router"), layer, experts));
        });
  }
}
