package dev.strata.udfs.model;

import java.util.List;

/**
 * The feed-forward of Qwen's mixtures in which an expert is that all tokens share, as far as a gate
 * lets them.
 *
 * @param sharedWidth of that expert's intermediate
 */
record QwenMixture(RoutingSpec routing, Experts experts, int sharedWidth) {

  static QwenMixture read(JsonFields config, DecoderFields fields, RoutingSpec routing) {
    return new QwenMixture(
        routing,
        Experts.of(routing.experts(), config.width("moe_intermediate_size"), fields.activation()),
        config.width("shared_expert_intermediate_size"));
  }

  /** What comes behind a layer's attention. */
  List<Stage> stages(DecoderFields fields, int layer) {
    StageBuilder r = fields.stage(layer);
    Buffer z = r.norm("post_attention_layernorm"); // [hidden]
    r.route("mlp.gate", z, routing, false);
    Buffer g = r.gated("mlp.shared_expert", z, sharedWidth, experts.activation(), false);
    Buffer shared = r.product("mlp.shared_expert.down_proj", g, false); // [hidden]
    r.weigh("mlp.shared_expert_gate", z, shared);
    r.addScaled(1, shared);
    return fields.routed(r.build("router"), layer, experts);
  }
}
