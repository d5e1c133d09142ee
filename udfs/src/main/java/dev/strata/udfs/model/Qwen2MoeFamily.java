package dev.strata.udfs.model;

import java.util.List;
import java.util.function.IntUnaryOperator;

/**
 * Qwen 1.5 and 2 as mixtures, with an expert that all tokens share; Qwen2MoeConfig in Hugging Face
 * transformers.
 */
final class Qwen2MoeFamily implements ModelFamily {

  @Override
  public String modelType() {
    return "qwen2_moe";
  }

  @Override
  public DecoderSpec read(JsonFields config) {
    DecoderFields fields =
        new DecoderFields(config).defaultContextLength(32_768).defaultKeyValueHeads(16);
    AttentionSpec everywhere = fields.attention();
    Activation activation = fields.activation();
    int intermediate = fields.intermediateSize();
    boolean bias = config.flagOr("qkv_bias", true);
    IntUnaryOperator window = QwenWindows.ofMixture(config);
    QwenSparseLayers sparse = QwenSparseLayers.read(config);
    RouterFields router = new RouterFields(config);
    int count = router.experts("num_experts", "num_local_experts");
    RoutingSpec routing =
        router.best(count, 4, RoutingSpec.Scoring.SOFTMAX, config.flagOr("norm_topk_prob", false));
    QwenMixture mixture = QwenMixture.read(config, fields, routing);
    return fields.decoder(
        modelType(),
        layer -> {
          AttentionSpec attention = everywhere.withWindow(window.applyAsInt(layer));
          StageBuilder a = fields.stage(layer);
          Buffer x = a.norm("input_layernorm"); // [hidden]
          Buffer qkv = a.queryKeyValue("self_attn", x, attention, bias);
          Buffer y = a.attend(qkv, attention); // [heads · headDim]
          a.addProduct("self_attn.o_proj", y, false);

          if (sparse.isSparse(layer)) {
            return LayerProgram.of(a.build("attention"), mixture.stages(fields, layer));
          }
          StageBuilder f = fields.stage(layer);
          Buffer z = f.norm("post_attention_layernorm"); // [hidden]
          Buffer g = f.gated("mlp", z, intermediate, activation, false);
          f.addProduct("mlp.down_proj", g, false);
          return new LayerProgram(List.of(a.build("attention"), f.build("feed-forward")));
        });
  }
}
