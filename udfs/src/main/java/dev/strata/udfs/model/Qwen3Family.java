package dev.strata.udfs.model;

import java.util.List;
import java.util.function.IntUnaryOperator;

/** Qwen3, dense; Qwen3Config in Hugging Face transformers. */
final class Qwen3Family implements ModelFamily {

  @Override
  public String modelType() {
    return "qwen3";
  }

  @Override
  public DecoderSpec read(JsonFields config) {
    DecoderFields fields =
        new DecoderFields(config)
            .defaultContextLength(32_768)
            .defaultKeyValueHeads(32)
            .defaultHeadDim(128);
    AttentionSpec everywhere = fields.attention();
    Activation activation = fields.activation();
    int intermediate = fields.intermediateSize();
    boolean bias = config.flagOr("attention_bias", false);
    IntUnaryOperator window = QwenWindows.read(config);
    return fields.decoder(
        modelType(),
        layer -> {
          StageBuilder a = fields.stage(layer);
          AttentionSpec attention =
              a.normed(everywhere, "self_attn.q_norm", "self_attn.k_norm") // [headDim] each
                  .withWindow(window.applyAsInt(layer));
          Buffer x = a.norm("input_layernorm"); // [hidden]
          Buffer qkv = a.queryKeyValue("self_attn", x, attention, bias);
          Buffer y = a.attend(qkv, attention); // [heads · headDim]
          a.addProduct("self_attn.o_proj", y, bias);

          StageBuilder f = fields.stage(layer);
          Buffer z = f.norm("post_attention_layernorm"); // [hidden]
          Buffer g = f.gated("mlp", z, intermediate, activation, false);
          f.addProduct("mlp.down_proj", g, false);
          return new LayerProgram(List.of(a.build("attention"), f.build("feed-forward")));
        });
  }
}
