package dev.strata.udfs.model;

import java.util.List;
import java.util.function.IntFunction;

/** OLMo 2, which norms what a stage gives; Olmo2Config in Hugging Face transformers. */
final class Olmo2Family implements ModelFamily {

  @Override
  public String modelType() {
    return "olmo2";
  }

  @Override
  public DecoderSpec read(JsonFields config) {
    DecoderFields fields =
        new DecoderFields(config).defaultContextLength(2_048).defaultNormEpsilon(1e-5);
    AttentionSpec attention = fields.attention();
    return read(config, fields, modelType(), layer -> attention);
  }

  /**
   * The decoder of layers of this form.
   *
   * @param attentions how each layer attends, without norms
   */
  static DecoderSpec read(
      JsonFields config,
      DecoderFields fields,
      String modelType,
      IntFunction<AttentionSpec> attentions) {
    Activation activation = fields.activation();
    int intermediate = fields.intermediateSize();
    boolean bias = config.flagOr("attention_bias", false);
    return fields.decoder(
        modelType,
        layer -> {
          StageBuilder a = fields.stage(layer);
          AttentionSpec attention = // norms of [heads · headDim] and [kvHeads · headDim]
              a.normedTogether(attentions.apply(layer), "self_attn.q_norm", "self_attn.k_norm");
          Buffer x = a.hidden(); // [hidden]
          Buffer qkv = a.queryKeyValue("self_attn", x, attention, bias);
          Buffer y = a.attend(qkv, attention); // [heads · headDim]
          a.addNormed("post_attention_layernorm", a.product("self_attn.o_proj", y, bias));

          StageBuilder f = fields.stage(layer);
          Buffer z = f.hidden(); // [hidden]
          Buffer g = f.gated("mlp", z, intermediate, activation, false);
          f.addNormed("post_feedforward_layernorm", f.product("mlp.down_proj", g, false));
          return new LayerProgram(List.of(a.build("attention"), f.build("feed-forward")));
        });
  }
}
