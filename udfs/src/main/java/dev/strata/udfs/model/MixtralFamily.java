package dev.strata.udfs.model;

/** Mixtral, a mixture of experts; MixtralConfig in Hugging Face transformers. */
final class MixtralFamily implements ModelFamily {

  @Override
  public String modelType() {
    return "mixtral";
  }

  @Override
  public DecoderSpec read(JsonFields config) {
    DecoderFields fields =
        new DecoderFields(config)
            .defaultContextLength(131_072)
            .defaultKeyValueHeads(8)
            .defaultNormEpsilon(1e-5);
    AttentionSpec attention = fields.attention().withWindow(fields.window(0));
    RouterFields router = new RouterFields(config);
    int count = router.experts("num_local_experts", "num_experts");
    RoutingSpec routing = router.best(count, 2, RoutingSpec.Scoring.SOFTMAX, true);
    Experts experts = Experts.numbered(count, fields.intermediateSize(), fields.activation());
    return fields.decoder(
        modelType(),
        layer -> {
          StageBuilder a = fields.stage(layer);
          Buffer x = a.norm("input_layernorm"); // [hidden]
          Buffer qkv = a.queryKeyValue("self_attn", x, attention, false);
          Buffer y = a.attend(qkv, attention); // [heads · headDim]
          a.addProduct("self_attn.o_proj", y, false);

          StageBuilder r = fields.stage(layer);
          Buffer z = r.norm("post_attention_layernorm"); // [hidden]
          r.route("block_sparse_moe.gate", z, routing, false);
          return LayerProgram.of(
              a.build("attention"), fields.routed(r.build("router"), layer, experts));
        });
  }
}
