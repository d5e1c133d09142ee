package dev.strata.udfs.model;

import java.util.List;

/**
 * The feed-forward of layers with experts in groups, beside which an expert is that all tokens
 * share, as DeepSeek-V3 has it; the first layers are dense.
 *
 * @param denseLayers how many
 * @param intermediate of those
 * @param sharedWidth of the shared expert's intermediate
 */
record GroupedMixture(
    int denseLayers,
    int intermediate,
    Activation activation,
    RoutingSpec routing,
    Experts experts,
    int sharedWidth) {

  /**
   * @param denseByDefault what an absent {@code first_k_dense_replace} means
   */
  static GroupedMixture read(
      JsonFields config, DecoderFields fields, int denseByDefault, RoutingSpec routing) {
    Activation activation = fields.activation();
    int width = config.width("moe_intermediate_size");
    return new GroupedMixture(
        config.wholeOr("first_k_dense_replace", 0, denseByDefault),
        fields.intermediateSize(),
        activation,
        routing,
        Experts.of(routing.experts(), width, activation),
        width * config.sizeOr("n_shared_experts", 1));
  }

  /** What comes behind a layer's attention. */
  List<Stage> stages(DecoderFields fields, int layer) {
    StageBuilder f = fields.stage(layer);
    Buffer z = f.norm("post_attention_layernorm"); // [hidden]
    if (layer < denseLayers) {
      Buffer g = f.gated("mlp", z, intermediate, activation, false);
      f.addProduct("mlp.down_proj", g, false);
      return List.of(f.build("feed-forward"));
    }
    f.routeCorrected("mlp.gate", "mlp.gate.e_score_correction_bias", z, routing);
    Buffer g = f.gated("mlp.shared_experts", z, sharedWidth, activation, false);
    f.addProduct("mlp.shared_experts.down_proj", g, false);
    return fields.routed(f.build("router"), layer, experts);
  }
}
