package dev.strata.udfs.model;

import java.util.List;
import java.util.stream.IntStream;

/** SmolLM3, some of whose layers do not rotate; SmolLM3Config in Hugging Face transformers. */
final class SmolLm3Family implements ModelFamily {

  @Override
  public String modelType() {
    return "smollm3";
  }

  @Override
  public DecoderSpec read(JsonFields config) {
    DecoderFields fields =
        new DecoderFields(config)
            .defaultContextLength(32_768)
            .defaultKeyValueHeads(4)
            .defaultTheta(2_000_000);
    AttentionSpec everywhere = fields.attention();
    Activation activation = fields.activation();
    int intermediate = fields.intermediateSize();
    boolean attentionBias = config.flagOr("attention_bias", false);
    boolean feedForwardBias = config.flagOr("mlp_bias", false);
    List<Boolean> rotates = rotates(config);
    return fields.decoder(
        modelType(),
        layer -> {
          AttentionSpec attention =
              everywhere
                  .withRope(rotates.get(layer) ? everywhere.rope() : null)
                  .withWindow(window(config, layer, rotates.get(layer)));
          StageBuilder a = fields.stage(layer);
          Buffer x = a.norm("input_layernorm"); // [hidden]
          Buffer qkv = a.queryKeyValue("self_attn", x, attention, attentionBias);
          Buffer y = a.attend(qkv, attention); // [heads · headDim]
          a.addProduct("self_attn.o_proj", y, attentionBias);

          StageBuilder f = fields.stage(layer);
          Buffer z = f.norm("post_attention_layernorm"); // [hidden]
          Buffer g = f.gated("mlp", z, intermediate, activation, feedForwardBias);
          f.addProduct("mlp.down_proj", g, feedForwardBias);
          return new LayerProgram(List.of(a.build("attention"), f.build("feed-forward")));
        });
  }

  /** Those whose {@code no_rope_layers} is 1, else all but every fourth. */
  private static List<Boolean> rotates(JsonFields config) {
    int layers = DecoderFields.layerCount(config);
    if (!config.isPresent("no_rope_layers")) {
      int interval = config.sizeOr("no_rope_layer_interval", 4);
      return IntStream.range(0, layers).mapToObj(layer -> (layer + 1) % interval != 0).toList();
    }
    List<Integer> flags = config.wholeNumbers("no_rope_layers");
    if (flags.size() != layers) {
      throw config.unusable(
          String.format("no_rope_layers has %d entries for %d layers", flags.size(), layers));
    }
    return flags.stream().map(flag -> flag != 0).toList();
  }

  private static int window(JsonFields config, int layer, boolean rotates) {
    if (!config.flagOr("use_sliding_window", false) || !config.isPresent("sliding_window")) {
      return 0;
    }
    boolean slides =
        config.isPresent("layer_types") ? LayerTypes.sliding(config).get(layer) : !rotates;
    return slides ? config.size("sliding_window") : 0;
  }
}
