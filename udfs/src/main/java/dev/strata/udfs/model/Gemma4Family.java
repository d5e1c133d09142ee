package dev.strata.udfs.model;

import java.util.ArrayList;
import java.util.List;

/**
 * Gemma 4, the text model: layers with heads of their own, the last of which may attend to keys and
 * values of earlier ones; Gemma4TextConfig in Hugging Face transformers.
 */
final class Gemma4Family implements ModelFamily {

  private static final String FULL = "full_attention";
  private static final String SLIDING = "sliding_attention";
  private static final String DEFAULT_ROPE =
      """
      {"rope_parameters": {
        "sliding_attention": {"rope_type": "default", "rope_theta": 10000.0},
        "full_attention": {"rope_type": "proportional", "partial_rotary_factor": 0.25,
                           "rope_theta": 1000000.0}}}
      """;

  @Override
  public String modelType() {
    return "gemma4_text";
  }

  @Override
  public DecoderSpec read(JsonFields given) {
    JsonFields config =
        given.withDefault("rope_parameters", JsonFields.parse(DEFAULT_ROPE, given.origin()));
    requireKnown(config);
    DecoderFields fields =
        new DecoderFields(config)
            .defaultContextLength(131_072)
            .defaultKeyValueHeads(4)
            .defaultHeadDim(256)
            .stretchedAlready()
            .tiedByDefault()
            .exactNorms()
            .logits(1, config.positiveOr("final_logit_softcapping", 0));
    fields.embeddingScale((float) Math.sqrt(fields.hiddenSize()));
    int layers = DecoderFields.layerCount(config);
    int own = layers - config.wholeOr("num_kv_shared_layers", 0, 0);
    List<String> types = types(config, layers);
    int perLayer = config.wholeOr("hidden_size_per_layer_input", 0, 256);
    if (perLayer > 0) {
      fields.carried(perLayerInputs(config, (long) layers * perLayer, perLayer));
    }
    Activation activation = fields.activation("hidden_activation", "gelu_pytorch_tanh");
    boolean bias = config.flagOr("attention_bias", false);
    boolean widens = config.flagOr("use_double_wide_mlp", false) && own > 0;
    Experts experts = experts(config, activation);
    RoutingSpec routing = experts == null ? null : routing(config, experts);
    return fields.decoder(
        modelType(),
        layer -> {
          boolean shares = layer >= own && own >= 0;
          int intermediate = fields.intermediateSize() * (widens && shares ? 2 : 1);
          List<Stage> stages = new ArrayList<>();
          if (perLayer > 0 && layer == 0) {
            stages.add(project(fields, layers * perLayer, perLayer));
          }
          StageBuilder a = fields.stage(layer);
          AttentionSpec plain = attention(config, fields, layer, types.get(layer));
          AttentionSpec attention = // norms of [headDim] each
              a.normed(
                  shares
                      ? plain.withKeysOf(types.subList(0, own).lastIndexOf(types.get(layer)))
                      : plain,
                  "self_attn.q_norm",
                  "self_attn.k_norm");
          Buffer x = a.norm("input_layernorm"); // [hidden]
          Buffer qkv = a.queryKeyValue("self_attn", x, attention, bias);
          Buffer y = a.attend(qkv, attention); // [heads · headDim]
          a.addNormed("post_attention_layernorm", a.product("self_attn.o_proj", y, bias));
          stages.add(a.build("attention"));

          StageBuilder f = fields.stage(layer);
          if (experts == null) {
            Buffer g = feedForward(f, intermediate, activation); // [intermediate]
            f.addNormed("post_feedforward_layernorm", f.product("mlp.down_proj", g, false));
          } else {
            int aside = layers * perLayer; // behind what is carried from the start
            stages.addAll(fields.routed(router(fields, layer, routing, aside), layer, experts));
            Buffer e = // [hidden], of what experts made
                f.norm("of experts", "post_feedforward_layernorm_2.weight");
            f.takeBack(aside);
            Buffer g = feedForward(f, intermediate, activation); // [intermediate]
            Buffer d = f.product("mlp.down_proj", g, false); // [hidden]
            f.normInPlace("post_feedforward_layernorm_1", d);
            f.sum(e, d);
            f.addNormed("post_feedforward_layernorm", d);
          }
          if (perLayer == 0) {
            f.scale("layer_scalar");
            stages.add(f.build("feed-forward"));
            return new LayerProgram(stages);
          }
          stages.add(f.build("feed-forward"));

          StageBuilder p = fields.stage(layer);
          Buffer h = p.hidden(); // [hidden]
          Buffer w = p.activated("per_layer_input_gate", h, perLayer, activation); // [perLayer]
          p.multiplyCarried(layer * perLayer, w);
          p.addNormed("post_per_layer_input_norm", p.product("per_layer_projection", w, false));
          p.scale("layer_scalar");
          stages.add(p.build("per-layer input"));
          return new LayerProgram(stages);
        });
  }

  private static Buffer feedForward(StageBuilder f, int intermediate, Activation activation) {
    Buffer z = f.norm("pre_feedforward_layernorm"); // [hidden]
    return f.gated("mlp", z, intermediate, activation, false);
  }

  /** Null where layers have none. */
  private static Experts experts(JsonFields config, Activation activation) {
    return config.flagOr("enable_moe_block", false)
        ? Experts.named(
            new RouterFields(config).experts("num_experts", "num_local_experts"),
            config.width("moe_intermediate_size"),
            activation,
            "experts.")
        : null;
  }

  private static RoutingSpec routing(JsonFields config, Experts experts) {
    int chosen = new RouterFields(config).chosen("top_k_experts", experts.count());
    return RoutingSpec.of(experts.count(), chosen, RoutingSpec.Scoring.SOFTMAX, true);
  }

  /** Takes what comes before the feed-forward, and leaves room for what experts make of it. */
  private static Stage router(DecoderFields fields, int layer, RoutingSpec routing, int aside) {
    StageBuilder r = fields.stage(layer);
    Buffer x = r.norm("of router", "router.scale"); // [hidden]
    Buffer t = r.norm("pre_feedforward_layernorm_2"); // [hidden], for experts
    RoutingSpec scaled =
        r.withScales(routing, 1 / Math.sqrt(fields.hiddenSize()), "router.per_expert_scale");
    r.route("router.proj", x, t, scaled, false);
    r.setAside(aside);
    return r.build("router");
  }

  private static void requireKnown(JsonFields config) {
    if (config.textOr("use_bidirectional_attention", "vision").equals("all")) {
      throw config.invalid("use_bidirectional_attention", "absent, or vision");
    }
  }

  /** The last layer never slides. */
  private static List<String> types(JsonFields config, int layers) {
    List<String> types = new ArrayList<>();
    for (int layer = 0; layer < layers; layer++) {
      boolean slides = LayerTypes.slides(config, layer, 6) && layer + 1 < layers;
      types.add(slides ? SLIDING : FULL);
    }
    return types;
  }

  /** Layers that do not slide have other heads, which files say once or layer by layer. */
  private static AttentionSpec attention(
      JsonFields config, DecoderFields fields, int layer, String type) {
    boolean full = type.equals(FULL);
    boolean keysAreValues = full && config.flagOr("attention_k_eq_v", false);
    int width = fields.headDim();
    int kvHeads = fields.keyValueHeads();
    if (config.isPresent("per_layer_config")) {
      JsonFields own = config.object("per_layer_config").object(String.valueOf(layer));
      width = own.sizeOr("head_dim", width);
      kvHeads = own.sizeOr("num_key_value_heads", kvHeads);
    } else if (full) {
      width = config.sizeOr("global_head_dim", 512);
      kvHeads = keysAreValues ? config.sizeOr("num_global_key_value_heads", kvHeads) : kvHeads;
    }
    AttentionSpec attention =
        fields
            .attentionOf(kvHeads, width, fields.rope(width).ofLayers(type).spec())
            .withValues(
                keysAreValues ? AttentionSpec.Values.NORMED_KEYS : AttentionSpec.Values.NORMED);
    return full ? attention : attention.withWindow(fields.window(512));
  }

  /** Rows of [layers · perLayer], one part for each layer. */
  private static EmbeddingSpec perLayerInputs(JsonFields config, long width, int perLayer) {
    int vocabSize = config.width("vocab_size");
    if (config.sizeOr("vocab_size_per_layer_input", vocabSize) < vocabSize) {
      throw config.invalid("vocab_size_per_layer_input", "at least vocab_size " + vocabSize);
    }
    int rows =
        config.width(
            "vocab_size_per_layer_input", config.sizeOr("vocab_size_per_layer_input", vocabSize));
    int columns = config.width("num_hidden_layers times hidden_size_per_layer_input", width);
    return new EmbeddingSpec(
        WeightSpec.matrix("model.embed_tokens_per_layer.weight", rows, columns),
        (float) Math.sqrt(perLayer));
  }

  /** {@code carried = (carried + norm(x · wᵀ / √hidden)) / √2}, with x the embedding. */
  private static Stage project(DecoderFields fields, int width, int perLayer) {
    int hidden = fields.hiddenSize();
    StageBuilder i = fields.stage(0);
    Buffer x = i.hidden(); // [hidden]
    // A norm does not see a factor of what it norms but beside its epsilon.
    i.carry(
        WeightSpec.matrix("model.per_layer_model_projection.weight", width, hidden),
        fields.ofNorm(WeightSpec.vector("model.per_layer_projection_norm.weight", perLayer)),
        fields.normEpsilon() * hidden,
        Math.sqrt(0.5),
        x);
    return i.build("per-layer inputs");
  }
}
