package dev.strata.udfs.model;

import java.util.List;
import java.util.function.IntUnaryOperator;

/** Qwen2 and Qwen2.5; Qwen2Config in Hugging Face transformers. */
final class Qwen2Family implements ModelFamily {

  @Override
  public String modelType() {
    return "qwen2";
  }

  @Override
  public DecoderSpec read(JsonFields config) {
    DecoderFields fields =
        new DecoderFields(config).defaultContextLength(32_768).defaultKeyValueHeads(32);
    AttentionSpec everywhere = fields.attention();
    Activation activation = fields.activation();
    int intermediate = fields.intermediateSize();
    IntUnaryOperator window = QwenWindows.read(config);
    return fields.decoder(
        modelType(),
        layer -> {
          AttentionSpec attention = everywhere.withWindow(window.applyAsInt(layer));
          StageBuilder a = fields.stage(layer);
          Buffer x = a.norm("input_layernorm"); // [hidden]
          Buffer qkv = a.queryKeyValue("self_attn", x, attention, true);
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
