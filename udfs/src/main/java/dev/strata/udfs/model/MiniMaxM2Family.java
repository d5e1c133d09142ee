package dev.strata.udfs.model;

/** MiniMax-M2, a mixture of experts; MiniMaxM2Config in Hugging Face transformers. */
final class MiniMaxM2Family implements ModelFamily {

  private static final int DEFAULT_HEAD_DIM = 128;

  @Override
  public String modelType() {
    return "minimax_m2";
  }

  @Override
  public DecoderSpec read(JsonFields config) {
    DecoderFields fields =
        new DecoderFields(config)
            .defaultContextLength(196_608)
            .defaultKeyValueHeads(8)
            .defaultHeadDim(DEFAULT_HEAD_DIM)
            .defaultTheta(5_000_000)
            .partlyRotated(rotatedPart(config));
    AttentionSpec plain = fields.attention();
    RouterFields router = new RouterFields(config);
    router.requireScores("sigmoid");
    int count = router.experts("num_local_experts", "num_experts");
    RoutingSpec routing = router.best(count, 8, RoutingSpec.Scoring.SIGMOID, true);
    Experts experts = Experts.numbered(count, fields.intermediateSize(), fields.activation());
    return fields.decoder(
        modelType(),
        layer -> {
          StageBuilder a = fields.stage(layer);
          AttentionSpec attention = // norms of [heads · headDim] and [kvHeads · headDim]
              a.normedTogether(plain, "self_attn.q_norm", "self_attn.k_norm");
          Buffer x = a.norm("input_layernorm"); // [hidden]
          Buffer qkv = a.queryKeyValue("self_attn", x, attention, false);
          Buffer y = a.attend(qkv, attention); // [heads · headDim]
          a.addProduct("self_attn.o_proj", y, false);

          StageBuilder r = fields.stage(layer);
          Buffer z = r.norm("post_attention_layernorm"); // [hidden]
          r.routeCorrected(
              "block_sparse_moe.gate", "block_sparse_moe.e_score_correction_bias", z, routing);
          return LayerProgram.of(
              a.build("attention"), fields.routed(r.build("router"), layer, experts));
        });
  }

  /** The model's own configuration counts the elements of a head that are rotated. */
  private static double rotatedPart(JsonFields config) {
    int headDim = config.sizeOr("head_dim", DEFAULT_HEAD_DIM);
    return (double) config.sizeOr("rotary_dim", headDim) / headDim;
  }
}
