package dev.strata.udfs.model;

import java.util.List;

/**
 * GLM-4 of 2025, with norms before and after each stage; Glm4Config in Hugging Face transformers.
 */
final class Glm4Family implements ModelFamily {

  @Override
  public String modelType() {
    return "glm4";
  }

  @Override
  public DecoderSpec read(JsonFields config) {
    DecoderFields fields =
        new DecoderFields(config)
            .defaultContextLength(131_072)
            .defaultKeyValueHeads(2)
            .defaultHeadDim(128)
            .defaultNormEpsilon(1.5625e-7)
            .partlyRotated(0.5);
    AttentionSpec halves = fields.attention();
    AttentionSpec attention = halves.withRope(halves.rope().inPairs());
    Activation activation = fields.activation();
    int intermediate = fields.intermediateSize();
    boolean bias = config.flagOr("attention_bias", false);
    return fields.decoder(
        modelType(),
        layer -> {
          StageBuilder a = fields.stage(layer);
          Buffer x = a.norm("input_layernorm"); // [hidden]
          Buffer qkv = a.queryKeyValue("self_attn", x, attention, bias);
          Buffer y = a.attend(qkv, attention); // [heads · headDim]
          a.addNormed("post_self_attn_layernorm", a.product("self_attn.o_proj", y, false));

          StageBuilder f = fields.stage(layer);
          Buffer z = f.norm("post_attention_layernorm"); // [hidden]
          Buffer g = f.gatedFused("mlp.gate_up_proj", z, intermediate, activation);
          f.addNormed("post_mlp_layernorm", f.product("mlp.down_proj", g, false));
          return new LayerProgram(List.of(a.build("attention"), f.build("feed-forward")));
        });
  }
}
