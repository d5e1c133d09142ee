package dev.strata.udfs.model;

import java.util.List;

/** Seed-OSS; SeedOssConfig in Hugging Face transformers. */
final class SeedOssFamily implements ModelFamily {

  @Override
  public String modelType() {
    return "seed_oss";
  }

  @Override
  public DecoderSpec read(JsonFields config) {
    DecoderFields fields =
        new DecoderFields(config)
            .defaultContextLength(524_288)
            .defaultKeyValueHeads(8)
            .defaultHeadDim(128);
    AttentionSpec attention = fields.attention();
    Activation activation = fields.activation();
    int intermediate = fields.intermediateSize();
    boolean attentionBias = config.flagOr("attention_bias", true);
    boolean outputBias = config.flagOr("attention_out_bias", false);
    boolean feedForwardBias = config.flagOr("mlp_bias", false);
    return fields.decoder(
        modelType(),
        layer -> {
          StageBuilder a = fields.stage(layer);
          Buffer x = a.norm("input_layernorm"); // [hidden]
          Buffer qkv = a.queryKeyValue("self_attn", x, attention, attentionBias);
          Buffer y = a.attend(qkv, attention); // [heads · headDim]
          a.addProduct("self_attn.o_proj", y, outputBias);

          StageBuilder f = fields.stage(layer);
          Buffer z = f.norm("post_attention_layernorm"); // [hidden]
          Buffer g = f.gated("mlp", z, intermediate, activation, feedForwardBias);
          f.addProduct("mlp.down_proj", g, feedForwardBias);
          return new LayerProgram(List.of(a.build("attention"), f.build("feed-forward")));
        });
  }
}
