package dev.strata.udfs.model;

import java.util.List;

/** Granite 3, which scales what it adds; GraniteConfig in Hugging Face transformers. */
final class GraniteFamily implements ModelFamily {

  @Override
  public String modelType() {
    return "granite";
  }

  @Override
  public DecoderSpec read(JsonFields config) {
    DecoderFields fields =
        new DecoderFields(config)
            .defaultContextLength(2_048)
            .embeddingScale(config.positiveOr("embedding_multiplier", 1))
            .logits(1 / config.positiveOr("logits_scaling", 1), 0);
    AttentionSpec attention =
        fields.attention().withScores(config.positiveOr("attention_multiplier", 1), 0);
    Activation activation = fields.activation();
    int intermediate = fields.intermediateSize();
    boolean attentionBias = config.flagOr("attention_bias", false);
    boolean feedForwardBias = config.flagOr("mlp_bias", false);
    double scale = config.positiveOr("residual_multiplier", 1);
    return fields.decoder(
        modelType(),
        layer -> {
          StageBuilder a = fields.stage(layer);
          Buffer x = a.norm("input_layernorm"); // [hidden]
          Buffer qkv = a.queryKeyValue("self_attn", x, attention, attentionBias);
          Buffer y = a.attend(qkv, attention); // [heads · headDim]
          a.addScaled(scale, a.product("self_attn.o_proj", y, attentionBias));

          StageBuilder f = fields.stage(layer);
          Buffer z = f.norm("post_attention_layernorm"); // [hidden]
          Buffer g = f.gated("mlp", z, intermediate, activation, feedForwardBias);
          f.addScaled(scale, f.product("mlp.down_proj", g, feedForwardBias));
          return new LayerProgram(List.of(a.build("attention"), f.build("feed-forward")));
        });
  }
}
