package dev.strata.udfs.model;

import com.google.errorprone.annotations.CanIgnoreReturnValue;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntUnaryOperator;

/**
 * Reads the fields that all families share. A family sets what is its own, then calls {@link
 * #read}.
 */
final class DecoderSpecReader {

  private static final double DEFAULT_NORM_EPSILON = 1e-6;

  private final JsonFields config;
  private final String family;

  private int defaultContextLength;
  private int defaultKeyValueHeads;
  private int defaultHeadDim;
  private boolean queryKeyValueBias;
  private boolean attentionOutputBias;
  private boolean feedForwardBias;
  private boolean queryKeyNorm;
  private IntUnaryOperator window = layer -> 0;

  DecoderSpecReader(JsonFields config, String family) {
    this.config = config;
    this.family = family;
  }

  @CanIgnoreReturnValue
  DecoderSpecReader defaultContextLength(int tokens) {
    this.defaultContextLength = tokens;
    return this;
  }

  /** What an absent {@code num_key_value_heads} means; as many as query heads if not set. */
  @CanIgnoreReturnValue
  DecoderSpecReader defaultKeyValueHeads(int heads) {
    this.defaultKeyValueHeads = heads;
    return this;
  }

  /** What an absent {@code head_dim} means; hidden size / query heads if not set. */
  @CanIgnoreReturnValue
  DecoderSpecReader defaultHeadDim(int width) {
    this.defaultHeadDim = width;
    return this;
  }

  @CanIgnoreReturnValue
  DecoderSpecReader queryKeyValueBias(boolean present) {
    this.queryKeyValueBias = present;
    return this;
  }

  @CanIgnoreReturnValue
  DecoderSpecReader attentionOutputBias(boolean present) {
    this.attentionOutputBias = present;
    return this;
  }

  @CanIgnoreReturnValue
  DecoderSpecReader feedForwardBias(boolean present) {
    this.feedForwardBias = present;
    return this;
  }

  @CanIgnoreReturnValue
  DecoderSpecReader queryKeyNorm(boolean present) {
    this.queryKeyNorm = present;
    return this;
  }

  /** The window of each layer, 0 for none; no layer has one if not set. */
  @CanIgnoreReturnValue
  DecoderSpecReader window(IntUnaryOperator windowOfLayer) {
    this.window = windowOfLayer;
    return this;
  }

  DecoderSpec read() {
    int hidden = config.width("hidden_size");
    int heads = config.width("num_attention_heads");
    int headDim = headDim(hidden, heads);
    int maxPositions = config.sizeOr("max_position_embeddings", defaultContextLength);
    RopeFields rope = RopeFields.of(config, headDim, maxPositions);
    return new DecoderSpec(
        family,
        config.width("vocab_size"),
        hidden,
        config.width("intermediate_size"),
        heads,
        keyValueHeads(heads),
        headDim,
        config.positiveOr("rms_norm_eps", DEFAULT_NORM_EPSILON),
        activation(),
        queryKeyValueBias,
        attentionOutputBias,
        feedForwardBias,
        queryKeyNorm,
        config.flagOr("tie_word_embeddings", false),
        rope.contextLength(),
        layers(rope.spec()));
  }

  /** Layers of a configuration. */
  static int layerCount(JsonFields config) {
    return config.layers("num_hidden_layers");
  }

  private int headDim(int hidden, int heads) {
    int headDim = config.sizeOr("head_dim", defaultHeadDim);
    if (headDim == 0) {
      if (hidden % heads != 0) {
        throw config.unusable(
            String.format(
                "hidden_size %d is not a multiple of num_attention_heads %d, and there is no"
                    + " head_dim",
                hidden, heads));
      }
      headDim = hidden / heads;
    }
    if (headDim % 2 != 0) {
      throw config.unusable(
          String.format("a head of %d elements has no halves to rotate", headDim));
    }
    var unused = config.width("num_attention_heads times head_dim", (long) heads * headDim);
    return headDim;
  }

  private int keyValueHeads(int heads) {
    String name = "num_key_value_heads";
    int otherwise = defaultKeyValueHeads == 0 || config.isNull(name) ? heads : defaultKeyValueHeads;
    int kvHeads = config.sizeOr(name, otherwise);
    if (heads % kvHeads != 0) {
      throw config.unusable(
          String.format(
              "num_attention_heads %d is not a multiple of num_key_value_heads %d",
              heads, kvHeads));
    }
    return kvHeads;
  }

  private Activation activation() {
    return switch (config.textOr("hidden_act", "silu")) {
      case "silu", "swish" -> Activation.SILU;
      default -> throw config.invalid("hidden_act", "silu, the only supported activation");
    };
  }

  private List<LayerSpec> layers(RopeSpec rope) {
    int count = layerCount(config);
    List<LayerSpec> layers = new ArrayList<>(count);
    for (int layer = 0; layer < count; layer++) {
      layers.add(new LayerSpec(window.applyAsInt(layer), rope));
    }
    return layers;
  }
}
