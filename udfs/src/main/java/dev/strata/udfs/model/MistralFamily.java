package dev.strata.udfs.model;

import java.util.List;
import java.util.Map;

/** Mistral 7B and its successors; MistralConfig in Hugging Face transformers. */
final class MistralFamily implements ModelFamily {

  @Override
  public String modelType() {
    return "mistral";
  }

  @Override
  public Map<String, Integer> sizesOfClass() {
    return Map.of(
        "vocab_size", 32_000,
        "hidden_size", 4_096,
        "intermediate_size", 14_336,
        "num_hidden_layers", 32,
        "num_attention_heads", 32);
  }

  @Override
  public DecoderSpec read(JsonFields config) {
    DecoderFields fields =
        new DecoderFields(config).defaultContextLength(131_072).defaultKeyValueHeads(8);
    AttentionSpec attention = fields.attention().withWindow(fields.window(4_096));
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
