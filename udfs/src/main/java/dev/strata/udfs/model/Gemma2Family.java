package dev.strata.udfs.model;

import java.util.List;

/**
 * Gemma 2, with soft caps and norms before and after; Gemma2Config in Hugging Face transformers.
 */
final class Gemma2Family implements ModelFamily {

  @Override
  public String modelType() {
    return "gemma2";
  }

  @Override
  public DecoderSpec read(JsonFields config) {
    DecoderFields fields =
        new DecoderFields(config)
            .defaultContextLength(8_192)
            .defaultKeyValueHeads(4)
            .defaultHeadDim(256)
            .tiedByDefault()
            .normsFromOne()
            .logits(1, cap(config, "final_logit_softcapping", 30));
    fields.requireCausal();
    fields.embeddingScale((float) Math.sqrt(fields.hiddenSize()));
    AttentionSpec everywhere =
        fields
            .attention()
            .withScores(
                1 / Math.sqrt(config.positiveOr("query_pre_attn_scalar", 256)),
                cap(config, "attn_logit_softcapping", 50));
    Activation activation = fields.activation("hidden_activation", "gelu_pytorch_tanh");
    int intermediate = fields.intermediateSize();
    boolean bias = config.flagOr("attention_bias", false);
    int window = fields.window(4_096);
    return fields.decoder(
        modelType(),
        layer -> {
          AttentionSpec attention =
              everywhere.withWindow(LayerTypes.slides(config, layer, 2) ? window : 0);
          StageBuilder a = fields.stage(layer);
          Buffer x = a.norm("input_layernorm"); // [hidden]
          Buffer qkv = a.queryKeyValue("self_attn", x, attention, bias);
          Buffer y = a.attend(qkv, attention); // [heads · headDim]
          a.addNormed("post_attention_layernorm", a.product("self_attn.o_proj", y, bias));

          StageBuilder f = fields.stage(layer);
          Buffer z = f.norm("pre_feedforward_layernorm"); // [hidden]
          Buffer g = f.gated("mlp", z, intermediate, activation, false);
          f.addNormed("post_feedforward_layernorm", f.product("mlp.down_proj", g, false));
          return new LayerProgram(List.of(a.build("attention"), f.build("feed-forward")));
        });
  }

  /** A null means none, where an absent field means the default one. */
  private static double cap(JsonFields config, String name, double otherwise) {
    return config.isNull(name) ? 0 : config.positiveOr(name, otherwise);
  }
}
