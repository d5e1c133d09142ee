package dev.strata.udfs.model;

import java.util.List;

/** GLM-4.5 and GLM-4.6, mixtures of experts; Glm4MoeConfig in Hugging Face transformers. */
final class Glm4MoeFamily implements ModelFamily {

  @Override
  public String modelType() {
    return "glm4_moe";
  }

  @Override
  public DecoderSpec read(JsonFields config) {
    DecoderFields fields =
        new DecoderFields(config)
            .defaultContextLength(131_072)
            .defaultKeyValueHeads(8)
            .defaultNormEpsilon(1e-5)
            .partlyRotated(0.5);
    AttentionSpec plain = fields.attention();
    Activation activation = fields.activation();
    int intermediate = fields.intermediateSize();
    boolean bias = config.flagOr("attention_bias", false);
    boolean norms = config.flagOr("use_qk_norm", false);
    int denseLayers = config.wholeOr("first_k_dense_replace", 0, 1);
    RouterFields router = new RouterFields(config);
    int count = router.experts("n_routed_experts", "num_experts", "num_local_experts");
    RoutingSpec routing = router.grouped(count, 8, 1, 1, 1);
    int width = config.width("moe_intermediate_size");
    Experts experts = Experts.of(count, width, activation);
    int sharedWidth = width * config.sizeOr("n_shared_experts", 1);
    return fields.decoder(
        modelType(),
        layer -> {
          StageBuilder a = fields.stage(layer);
          AttentionSpec attention = // norms of [headDim] each
              norms ? a.normed(plain, "self_attn.q_norm", "self_attn.k_norm") : plain;
          Buffer x = a.norm("input_layernorm"); // [hidden]
          Buffer qkv = a.queryKeyValue("self_attn", x, attention, bias);
          Buffer y = a.attend(qkv, attention); // [heads · headDim]
          a.addProduct("self_attn.o_proj", y, false);

          StageBuilder f = fields.stage(layer);
          Buffer z = f.norm("post_attention_layernorm"); // [hidden]
          if (layer < denseLayers) {
            Buffer g = f.gated("mlp", z, intermediate, activation, false);
            f.addProduct("mlp.down_proj", g, false);
            return new LayerProgram(List.of(a.build("attention"), f.build("feed-forward")));
          }
          f.routeCorrected("mlp.gate", "mlp.gate.e_score_correction_bias", z, routing);
          Buffer g = f.gated("mlp.shared_experts", z, sharedWidth, activation, false);
          f.addProduct("mlp.shared_experts.down_proj", g, false);
          return LayerProgram.of(
              a.build("attention"), fields.routed(f.build("router"), layer, experts));
        });
  }
}
