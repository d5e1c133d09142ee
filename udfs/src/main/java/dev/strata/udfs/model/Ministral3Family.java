package dev.strata.udfs.model;

import java.util.List;

/**
 * Ministral 3, the text model, whose queries grow with their position; Ministral3Config in Hugging
 * Face transformers.
 */
final class Ministral3Family implements ModelFamily {

  @Override
  public String modelType() {
    return "ministral3";
  }

  @Override
  public DecoderSpec read(JsonFields config) {
    DecoderFields fields =
        new DecoderFields(config)
            .defaultContextLength(262_144)
            .defaultKeyValueHeads(8)
            .defaultHeadDim(128)
            .defaultNormEpsilon(1e-5);
    AttentionSpec attention =
        fields
            .attention()
            .withRope(fields.rope().growing())
            .withWindow(config.sizeOr("sliding_window", 0));
    Activation activation = fields.activation();
    int intermediate = fields.intermediateSize();
    return fields.decoder(
        modelType(),
        layer -> {
          StageBuilder a = fields.stage(layer);
          Buffer x = a.norm("input_layernorm"); // [hidden]
          Buffer qkv = a.queryKeyValue("self_attn", x, attention, false);
          Buffer y = a.attend(qkv, attention); // [heads · headDim]
          a.addProduct("self_attn.o_proj", y, false);

          StageBuilder f = fields.stage(layer);
          Buffer z = f.norm("post_attention_layernorm"); // [hidden]
          Buffer g = f.gated("mlp", z, intermediate, activation, false);
          f.addProduct("mlp.down_proj", g, false);
          return new LayerProgram(List.of(a.build("attention"), f.build("feed-forward")));
        });
  }
}
