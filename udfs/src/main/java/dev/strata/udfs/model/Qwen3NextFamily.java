package dev.strata.udfs.model;

import java.util.List;

/**
 * Qwen3-Next: gated delta rules beside gated attention, mixtures with an expert that all tokens
 * share; Qwen3NextConfig in Hugging Face transformers.
 */
final class Qwen3NextFamily implements ModelFamily {

  @Override
  public String modelType() {
    return "qwen3_next";
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
    QwenHybrid hybrid = QwenHybrid.read(config, fields, true);
    QwenSparseLayers sparse = QwenSparseLayers.read(config);
    RouterFields router = new RouterFields(config);
    int count = router.experts("num_experts", "num_local_experts");
    RoutingSpec routing =
        router.best(count, 10, RoutingSpec.Scoring.SOFTMAX, config.flagOr("norm_topk_prob", true));
    QwenMixture mixture = QwenMixture.read(config, fields, routing);
    return fields.decoder(
        modelType(),
        layer -> {
          Stage first = hybrid.stage(fields, layer);
          if (sparse.isSparse(layer)) {
            return LayerProgram.of(first, mixture.stages(fields, layer));
          }
          StageBuilder f = fields.stage(layer);
          Buffer z = f.norm("post_attention_layernorm"); // [hidden]
          Buffer g = f.gated("mlp", z, fields.intermediateSize(), fields.activation(), false);
          f.addProduct("mlp.down_proj", g, false);
          return new LayerProgram(List.of(first, f.build("feed-forward")));
        });
  }
}
