package dev.strata.udfs.model;

import java.util.List;

/** Phi-3, Phi-3.5 and Phi-4; Phi3Config in Hugging Face transformers. */
final class Phi3Family implements ModelFamily {

  @Override
  public String modelType() {
    return "phi3";
  }

  @Override
  public DecoderSpec read(JsonFields config) {
    DecoderFields fields =
        new DecoderFields(config)
            .defaultContextLength(4_096)
            .defaultNormEpsilon(1e-5)
            .partlyRotated(1)
            .maybeLong();
    AttentionSpec attention = fields.attention().withWindow(config.sizeOr("sliding_window", 0));
    Activation activation = fields.activation();
    int intermediate = fields.intermediateSize();
    return fields.decoder(
        modelType(),
        layer -> {
          StageBuilder a = fields.stage(layer);
          Buffer x = a.norm("input_layernorm"); // [hidden]
          Buffer qkv = a.queryKeyValueFused("self_attn.qkv_proj", x, attention);
          Buffer y = a.attend(qkv, attention); // [heads · headDim]
          a.addProduct("self_attn.o_proj", y, false);

          StageBuilder f = fields.stage(layer);
          Buffer z = f.norm("post_attention_layernorm"); // [hidden]
          Buffer g = f.gatedFused("mlp.gate_up_proj", z, intermediate, activation);
          f.addProduct("mlp.down_proj", g, false);
          return new LayerProgram(List.of(a.build("attention"), f.build("feed-forward")));
        });
  }
}
