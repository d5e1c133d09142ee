package dev.strata.udfs.model;

import java.util.List;

/**
 * Qwen3.5 and 3.6, the text model: gated delta rules beside gated attention; Qwen3_5TextConfig in
 * Hugging Face transformers.
 */
final class Qwen35Family implements ModelFamily {

  @Override
  public String modelType() {
    return "qwen3_5_text";
  }

  @Override
  public DecoderSpec read(JsonFields config) {
    DecoderFields fields =
        new DecoderFields(config)
            .defaultContextLength(32_768)
            .defaultKeyValueHeads(4)
            .defaultHeadDim(256)
            .partlyRotated(0.25)
            .normsFromOne()
            .exactNorms();
    QwenHybrid hybrid = QwenHybrid.read(config, fields, false);
    Activation activation = fields.activation();
    int intermediate = fields.intermediateSize();
    return fields.decoder(
        modelType(),
        layer -> {
          StageBuilder f = fields.stage(layer);
          Buffer z = f.norm("post_attention_layernorm"); // [hidden]
          Buffer g = f.gated("mlp", z, intermediate, activation, false);
          f.addProduct("mlp.down_proj", g, false);
          return new LayerProgram(List.of(hybrid.stage(fields, layer), f.build("feed-forward")));
        });
  }
}
