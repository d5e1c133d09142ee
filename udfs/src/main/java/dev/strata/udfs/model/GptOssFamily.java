package dev.strata.udfs.model;

/**
 * GPT-OSS, whose heads have sinks and whose experts are biased and clamped; GptOssConfig in Hugging
 * Face transformers.
 */
final class GptOssFamily implements ModelFamily {

  private static final String DEFAULT_ROPE =
      """
      {"rope_parameters": {"rope_type": "yarn", "factor": 32.0, "beta_fast": 32.0,
        "beta_slow": 1.0, "truncate": false, "original_max_position_embeddings": 4096}}
      """;

  @Override
  public String modelType() {
    return "gpt_oss";
  }

  @Override
  public DecoderSpec read(JsonFields given) {
    JsonFields config =
        given.isPresent("rope_scaling")
            ? given
            : given.withDefault("rope_parameters", JsonFields.parse(DEFAULT_ROPE, given.origin()));
    DecoderFields fields =
        new DecoderFields(config)
            .defaultContextLength(131_072)
            .defaultKeyValueHeads(8)
            .defaultHeadDim(64)
            .defaultNormEpsilon(1e-5)
            .defaultTheta(150_000);
    AttentionSpec everywhere = fields.attention();
    int window = fields.window(128);
    boolean bias = config.flagOr("attention_bias", true);
    int hidden = fields.hiddenSize();
    int width = fields.intermediateSize();
    double alpha = config.positiveOr("swiglu_alpha", 1.702);
    double limit = config.positiveOr("swiglu_limit", 7);
    RouterFields router = new RouterFields(config);
    int experts = router.experts("num_local_experts", "num_experts");
    boolean transposed = !Quantization.read(config).packsInputs();
    RoutingSpec routing = router.best(experts, 4, RoutingSpec.Scoring.CHOSEN_SOFTMAX, false);
    return fields.decoder(
        modelType(),
        layer -> {
          StageBuilder a = fields.stage(layer);
          boolean slides = LayerTypes.slides(config, layer, 2);
          AttentionSpec attention = // a sink of each head
              a.withSinks(everywhere.withWindow(slides ? window : 0), "self_attn.sinks");
          Buffer x = a.norm("input_layernorm"); // [hidden]
          Buffer qkv = a.queryKeyValue("self_attn", x, attention, bias);
          Buffer y = a.attend(qkv, attention); // [heads · headDim]
          a.addProduct("self_attn.o_proj", y, bias);

          StageBuilder r = fields.stage(layer);
          Buffer z = r.norm("post_attention_layernorm"); // [hidden]
          r.route("mlp.router", z, routing, true);
          return LayerProgram.of(
              a.build("attention"),
              DecoderFields.routed(
                  r.build("router"),
                  experts,
                  expert -> {
                    StageBuilder e = fields.stage(layer);
                    Buffer t = e.gather(expert); // [hidden]
                    Buffer both = // gate and up by turns, [2 · width]
                        e.ofExpert(
                            "mlp.experts.gate_up_proj", t, experts, expert, 2 * width, transposed);
                    Buffer g = e.clamped(alpha, limit, both); // [width]
                    Buffer d = // [hidden]
                        e.ofExpert("mlp.experts.down_proj", g, experts, expert, hidden, transposed);
                    e.combine(expert, d);
                    return e.buildExpert(expert);
                  }));
        });
  }
}
