package dev.strata.udfs.model;

/**
 * DeepSeek-V3 and R1, and Kimi K2, which is of the same form: latent attention and a mixture of
 * experts in groups; DeepseekV3Config in Hugging Face transformers.
 */
final class DeepseekV3Family implements ModelFamily {

  /** Of norms within attention, whatever the configuration says of the others. */
  private static final double LATENT_EPSILON = 1e-6;

  private final String modelType;

  /**
   * @param modelType the name that configurations have
   */
  DeepseekV3Family(String modelType) {
    this.modelType = modelType;
  }

  @Override
  public String modelType() {
    return modelType;
  }

  @Override
  public DecoderSpec read(JsonFields config) {
    int rotated = config.width("qk_rope_head_dim");
    DecoderFields fields =
        new DecoderFields(config).defaultContextLength(4_096).defaultHeadDim(rotated);
    LatentHeads heads = heads(config, rotated);
    AttentionSpec attention = attention(fields, heads, config.flagOr("rope_interleave", true));
    int queryRank = config.isPresent("q_lora_rank") ? config.width("q_lora_rank") : 0;
    boolean bias = config.flagOr("attention_bias", false);
    if (config.sizeOr("moe_layer_freq", 1) != 1) {
      throw config.invalid("moe_layer_freq", "1");
    }
    RouterFields router = new RouterFields(config);
    int count = router.experts("n_routed_experts", "num_local_experts", "num_experts");
    GroupedMixture mixture =
        GroupedMixture.read(config, fields, 3, router.grouped(count, 8, 8, 4, 2.5));
    return fields.decoder(
        modelType(),
        layer -> {
          StageBuilder a = fields.stage(layer);
          Buffer x = a.norm("input_layernorm"); // [hidden]
          Buffer q = queries(a, x, heads, queryRank, bias); // [heads · (plain + rotated)]
          Buffer c = // [latent + rotated]
              a.product(
                  "compressed", "self_attn.kv_a_proj_with_mqa", x, heads.compressedWidth(), bias);
          Buffer qkv =
              a.latentQueryKeyValue(
                  heads, q, c, "self_attn.kv_a_layernorm", LATENT_EPSILON, "self_attn.kv_b_proj");
          Buffer y = a.attend(qkv, attention); // [heads · (rotated + latent)]
          Buffer v = a.latentValues(heads, y, "self_attn.kv_b_proj"); // [heads · value]
          a.addProduct("self_attn.o_proj", v, bias);
          return LayerProgram.of(a.build("attention"), mixture.stages(fields, layer));
        });
  }

  private static LatentHeads heads(JsonFields config, int rotated) {
    return new LatentHeads(
        config.width("num_attention_heads"),
        config.width("qk_nope_head_dim"),
        rotated,
        config.width("v_head_dim"),
        config.width("kv_lora_rank"));
  }

  /** Of all heads over one key of [rotated, latent], scaled as heads of [plain, rotated] are. */
  private static AttentionSpec attention(
      DecoderFields fields, LatentHeads heads, boolean interleaved) {
    RopeFields rope = fields.ropeOf(heads.rotated());
    double scale = rope.scoreScale() / Math.sqrt(heads.plain() + heads.rotated());
    RopeSpec halves = rope.spec();
    return AttentionSpec.of(
            heads.heads(), 1, heads.headDim(), interleaved ? halves.inPairs() : halves)
        .withScores(scale, 0);
  }

  /** {@code norm(x · aᵀ) · bᵀ}, or one product where there is no rank between. */
  private static Buffer queries(
      StageBuilder a, Buffer x, LatentHeads heads, int rank, boolean bias) {
    if (rank == 0) {
      return a.product("queries", "self_attn.q_proj", x, heads.queryWidth(), false);
    }
    Buffer low = a.product("low rank", "self_attn.q_a_proj", x, rank, bias); // [rank]
    a.normInPlace("self_attn.q_a_layernorm", LATENT_EPSILON, low);
    return a.product("queries", "self_attn.q_b_proj", low, heads.queryWidth(), false);
  }
}
