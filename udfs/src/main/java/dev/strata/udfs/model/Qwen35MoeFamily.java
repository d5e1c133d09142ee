package dev.strata.udfs.model;

/**
 * Qwen3.5 and 3.6 as mixtures, the text model: gated delta rules beside gated attention, and an
 * expert that all tokens share; Qwen3_5MoeTextConfig in Hugging Face transformers.
 */
final class Qwen35MoeFamily implements ModelFamily {

  @Override
  public String modelType() {
    return "qwen3_5_moe_text";
  }

  @Override
  public DecoderSpec read(JsonFields config) {
    DecoderFields fields =
        new DecoderFields(config)
            .defaultContextLength(32_768)
            .defaultKeyValueHeads(2)
            .defaultHeadDim(256)
            .partlyRotated(0.25)
            .normsFromOne()
            .exactNorms();
    QwenHybrid hybrid = QwenHybrid.read(config, fields, false);
    RouterFields router = new RouterFields(config);
    int count = router.experts("num_experts", "num_local_experts");
    RoutingSpec routing = router.best(count, 8, RoutingSpec.Scoring.SOFTMAX, true);
    QwenMixture mixture = QwenMixture.read(config, fields, routing);
    return fields.decoder(
        modelType(),
        layer -> LayerProgram.of(hybrid.stage(fields, layer), mixture.stages(fields, layer)));
  }
}
