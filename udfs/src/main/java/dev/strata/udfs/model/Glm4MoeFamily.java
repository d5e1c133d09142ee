package dev.strata.udfs.model;

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
    boolean bias = config.flagOr("attention_bias", false);
    boolean norms = config.flagOr("use_qk_norm", false);
    RouterFields router = new RouterFields(config);
    int count = router.experts("n_routed_experts", "num_experts", "num_local_experts");
    GroupedMixture mixture =
        GroupedMixture.read(config, fields, 1, router.grouped(count, 8, 1, 1, 1));
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
          return LayerProgram.of(a.build("attention"), mixture.stages(fields, layer));
        });
  }
}
