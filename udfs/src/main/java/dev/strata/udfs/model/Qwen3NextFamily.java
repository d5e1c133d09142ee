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
    Activation activation = fields.activation();
    QwenSparseLayers sparse = QwenSparseLayers.read(config);
    RouterFields router = new RouterFields(config);
    int count = router.experts("num_experts", "num_local_experts");
    RoutingSpec routing =
        router.best(count, 10, RoutingSpec.Scoring.SOFTMAX, config.flagOr("norm_topk_prob", true));
    Experts experts = Experts.of(count, config.width("moe_intermediate_size"), activation);
    int sharedWidth = config.width("shared_expert_intermediate_size");
    return fields.decoder(
        modelType(),
        layer -> {
          StageBuilder f = fields.stage(layer);
          Buffer z = f.norm("post_attention_layernorm"); // [hidden]
          if (!sparse.isSparse(layer)) {
            Buffer g = f.gated("mlp", z, fields.intermediateSize(), activation, false);
            f.addProduct("mlp.down_proj", g, false);
            return new LayerProgram(List.of(hybrid.stage(fields, layer), f.build("feed-forward")));
          }
          f.route("mlp.gate", z, routing, false);
          Buffer g = f.gated("mlp.shared_expert", z, sharedWidth, activation, false);
          Buffer shared = f.product("mlp.shared_expert.down_proj", g, false); // [hidden]
          f.weigh("mlp.shared_expert_gate", z, shared);
          f.addScaled(1, shared);
          return LayerProgram.of(
              hybrid.stage(fields, layer), fields.routed(f.build("router"), layer, experts));
        });
  }
}
