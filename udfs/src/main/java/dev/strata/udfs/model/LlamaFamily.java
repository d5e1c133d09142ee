package dev.strata.udfs.model;

import java.util.List;
import java.util.Map;

/** Llama 1 to 3.3 and the many models of their form; LlamaConfig in Hugging Face transformers. */
final class LlamaFamily implements ModelFamily {

  @Override
  public String modelType() {
    return "llama";
  }

  @Override
  public Map<String, Integer> sizesOfClass() {
    return Map.of(
        "vocab_size", 32_000,
        "hidden_size", 4_096,
        "intermediate_size", 11_008,
        "num_hidden_layers", 32,
        "num_attention_heads", 32);
  }

  @Override
  public DecoderSpec read(JsonFields config) {
    DecoderFields fields = new DecoderFields(config).defaultContextLength(2_048);
    AttentionSpec attention = fields.attention();
    Activation activation = fields.activation();
    int intermediate = fields.intermediateSize();
    boolean attentionBias = config.flagOr("attention_bias", false);
    boolean feedForwardBias = config.flagOr("mlp_bias", false);
    return fields.decoder(
        modelType(),
        layer -> {
          StageBuilder a = fields.stage(layer);
          Buffer x = a.norm("input_layernorm"); // [hidden]
          Buffer qkv = a.queryKeyValue("self_attn", x, attention, attentionBias);
          Buffer y = a.attend(qkv, attention); // [heads · headDim]
          a.addProduct("self_attn.o_proj", y, attentionBias);

          StageBuilder f = fields.stage(layer);
          Buffer z = f.norm("post_attention_layernorm"); // [hidden]
          Buffer g = f.gated("mlp", z, intermediate, activation, feedForwardBias);
          f.addProduct("mlp.down_proj", g, feedForwardBias);
          return new LayerProgram(List.of(a.build("attention"), f.build("feed-forward")));
        });
  }
}
