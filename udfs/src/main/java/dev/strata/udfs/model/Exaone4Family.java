package dev.strata.udfs.model;

import java.util.List;

/** EXAONE 4, whose sliding layers alone rotate; Exaone4Config in Hugging Face transformers. */
final class Exaone4Family implements ModelFamily {

  @Override
  public String modelType() {
    return "exaone4";
  }

  @Override
  public DecoderSpec read(JsonFields config) {
    DecoderFields fields =
        new DecoderFields(config)
            .defaultContextLength(2_048)
            .defaultKeyValueHeads(32)
            .defaultNormEpsilon(1e-5);
    AttentionSpec plain = fields.attention();
    Activation activation = fields.activation();
    int intermediate = fields.intermediateSize();
    int window = fields.window(4_096);
    return fields.decoder(
        modelType(),
        layer -> {
          StageBuilder a = fields.stage(layer);
          AttentionSpec attention =
              a.normed(
                  window == 0 ? plain : windowed(plain, window, slides(config, layer)),
                  "self_attn.q_norm", // [headDim] each
                  "self_attn.k_norm");
          Buffer x = a.hidden(); // [hidden]
          Buffer qkv = a.queryKeyValue("self_attn", x, attention, false);
          Buffer y = a.attend(qkv, attention); // [heads · headDim]
          a.addNormed("post_attention_layernorm", a.product("self_attn.o_proj", y, false));

          StageBuilder f = fields.stage(layer);
          Buffer z = f.hidden(); // [hidden]
          Buffer g = f.gated("mlp", z, intermediate, activation, false);
          f.addNormed("post_feedforward_layernorm", f.product("mlp.down_proj", g, false));
          return new LayerProgram(List.of(a.build("attention"), f.build("feed-forward")));
        });
  }

  /** In a model without windows every layer rotates. */
  private static AttentionSpec windowed(AttentionSpec attention, int window, boolean slides) {
    return slides ? attention.withWindow(window) : attention.withRope(null);
  }

  /** The pattern is a number of layers, or a letter for each of as many. */
  private static boolean slides(JsonFields config, int layer) {
    String name = "sliding_window_pattern";
    int every = config.isText(name) ? config.text(name).length() : config.sizeOr(name, 4);
    return LayerTypes.slides(config, layer, every);
  }
}
