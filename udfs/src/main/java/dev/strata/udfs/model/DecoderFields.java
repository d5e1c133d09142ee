package dev.strata.udfs.model;

import com.google.errorprone.annotations.CanIgnoreReturnValue;
import java.util.List;
import java.util.function.IntFunction;
import java.util.stream.IntStream;

/**
 * The fields that families share, each read with the default of its family, and what a decoder has
 * besides its layers.
 */
final class DecoderFields {

  private static final double DEFAULT_NORM_EPSILON = 1e-6;

  private final JsonFields config;
  private final int hiddenSize;
  private final int heads;

  private int defaultContextLength;
  private int defaultKeyValueHeads;
  private int defaultHeadDim;

  DecoderFields(JsonFields config) {
    this.config = config;
    this.hiddenSize = config.width("hidden_size");
    this.heads = config.width("num_attention_heads");
  }

  @CanIgnoreReturnValue
  DecoderFields defaultContextLength(int tokens) {
    this.defaultContextLength = tokens;
    return this;
  }

  /** What an absent {@code num_key_value_heads} means; as many as query heads if not set. */
  @CanIgnoreReturnValue
  DecoderFields defaultKeyValueHeads(int count) {
    this.defaultKeyValueHeads = count;
    return this;
  }

  /** What an absent {@code head_dim} means; hidden size / query heads if not set. */
  @CanIgnoreReturnValue
  DecoderFields defaultHeadDim(int width) {
    this.defaultHeadDim = width;
    return this;
  }

  int intermediateSize() {
    return config.width("intermediate_size");
  }

  Activation activation() {
    return switch (config.textOr("hidden_act", "silu")) {
      case "silu", "swish" -> Activation.SILU;
      default -> throw config.invalid("hidden_act", "silu, the only supported activation");
    };
  }

  /** How all layers attend, without windows and norms. */
  AttentionSpec attention() {
    int headDim = headDim();
    return AttentionSpec.of(heads, keyValueHeads(), headDim, rope(headDim).spec());
  }

  /** The steps of a stage of a layer, in the usual layout of names. */
  StageBuilder stage(int layer) {
    return new StageBuilder("model.layers." + layer + ".", hiddenSize, normEpsilon());
  }

  /** The decoder with these layers. */
  DecoderSpec decoder(String family, IntFunction<LayerProgram> layer) {
    int vocabSize = config.width("vocab_size");
    List<LayerProgram> layers = IntStream.range(0, layerCount(config)).mapToObj(layer).toList();
    return new DecoderSpec(
        family,
        vocabSize,
        hiddenSize,
        rope(headDim()).contextLength(),
        WeightSpec.matrix("model.embed_tokens.weight", vocabSize, hiddenSize),
        layers,
        new HeadSpec(
            WeightSpec.vector("model.norm.weight", hiddenSize),
            normEpsilon(),
            WeightSpec.matrix("lm_head.weight", vocabSize, hiddenSize),
            config.flagOr("tie_word_embeddings", false)));
  }

  /** Layers of a configuration. */
  static int layerCount(JsonFields config) {
    return config.layers("num_hidden_layers");
  }

  private double normEpsilon() {
    return config.positiveOr("rms_norm_eps", DEFAULT_NORM_EPSILON);
  }

  private RopeFields rope(int headDim) {
    int maxPositions = config.sizeOr("max_position_embeddings", defaultContextLength);
    return RopeFields.of(config, headDim, maxPositions);
  }

  private int headDim() {
    int headDim = config.sizeOr("head_dim", defaultHeadDim);
    if (headDim == 0) {
      if (hiddenSize % heads != 0) {
        throw config.unusable(
            String.format(
                "hidden_size %d is not a multiple of num_attention_heads %d, and there is no"
                    + " head_dim",
                hiddenSize, heads));
      }
      headDim = hiddenSize / heads;
    }
    if (headDim % 2 != 0) {
      throw config.unusable(
          String.format("a head of %d elements has no halves to rotate", headDim));
    }
    var unused = config.width("num_attention_heads times head_dim", (long) heads * headDim);
    return headDim;
  }

  private int keyValueHeads() {
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
}
