package dev.strata.udfs.model;

import com.google.errorprone.annotations.CanIgnoreReturnValue;
import dev.strata.udfs.api.StrataException;
import java.util.List;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * The fields that families share, each read with the default of its family, and what a decoder has
 * besides its layers.
 */
final class DecoderFields {

  private final JsonFields config;
  private final int hiddenSize;
  private final int heads;

  private int defaultContextLength;
  private int defaultKeyValueHeads;
  private int defaultHeadDim;
  private double defaultNormEpsilon = 1e-6;
  private double defaultTheta = RopeFields.DEFAULT_THETA;
  private boolean defaultTied;
  private boolean isPartlyRotated;
  private double defaultRotatedPart = 1;
  private boolean mayBeLong;
  private boolean isStretchedAlready;
  private boolean normsFromOne;
  private boolean normsAreExact;
  private double embeddingScale = 1;
  private EmbeddingSpec carried;
  private double logitScale = 1;
  private double logitSoftCap;

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

  /** What an absent {@code rms_norm_eps} means. */
  @CanIgnoreReturnValue
  DecoderFields defaultNormEpsilon(double epsilon) {
    this.defaultNormEpsilon = epsilon;
    return this;
  }

  /** What an absent {@code rope_theta} means. */
  @CanIgnoreReturnValue
  DecoderFields defaultTheta(double theta) {
    this.defaultTheta = theta;
    return this;
  }

  /** An absent {@code tie_word_embeddings} means that they are tied. */
  @CanIgnoreReturnValue
  DecoderFields tiedByDefault() {
    this.defaultTied = true;
    return this;
  }

  /**
   * Only a part of each head may be rotated.
   *
   * @param part what an absent {@code partial_rotary_factor} means
   */
  @CanIgnoreReturnValue
  DecoderFields partlyRotated(double part) {
    this.isPartlyRotated = true;
    this.defaultRotatedPart = part;
    return this;
  }

  /** Longrope is known to the family. */
  @CanIgnoreReturnValue
  DecoderFields maybeLong() {
    this.mayBeLong = true;
    return this;
  }

  /** The pretrained length is stretched already in {@code max_position_embeddings}. */
  @CanIgnoreReturnValue
  DecoderFields stretchedAlready() {
    this.isStretchedAlready = true;
    return this;
  }

  /** Norms multiply by one more than their weights say. */
  @CanIgnoreReturnValue
  DecoderFields normsFromOne() {
    this.normsFromOne = true;
    return this;
  }

  /** Norms are rounded to half types when all is multiplied, weights included. */
  @CanIgnoreReturnValue
  DecoderFields exactNorms() {
    this.normsAreExact = true;
    return this;
  }

  /** What rows of the embedding are multiplied by. */
  @CanIgnoreReturnValue
  DecoderFields embeddingScale(double scale) {
    this.embeddingScale = scale;
    return this;
  }

  /** What each token carries beside the residual stream. */
  @CanIgnoreReturnValue
  DecoderFields carried(EmbeddingSpec embedding) {
    this.carried = embedding;
    return this;
  }

  /**
   * What becomes of logits.
   *
   * @param softCap 0 for none
   */
  @CanIgnoreReturnValue
  DecoderFields logits(double scale, double softCap) {
    this.logitScale = scale;
    this.logitSoftCap = softCap;
    return this;
  }

  /** Refuses models whose tokens attend to those behind them, as embedding models do. */
  void requireCausal() {
    String name = "use_bidirectional_attention";
    if (config.flagOr(name, false)) {
      throw config.invalid(name, "false");
    }
  }

  int hiddenSize() {
    return hiddenSize;
  }

  int intermediateSize() {
    return config.width("intermediate_size");
  }

  Activation activation() {
    return activation("hidden_act", "silu");
  }

  Activation activation(String name, String otherwise) {
    return switch (config.textOr(name, otherwise)) {
      case "silu", "swish" -> Activation.SILU;
      case "gelu_pytorch_tanh" -> Activation.GELU_TANH;
      default -> throw config.invalid(name, "silu or gelu_pytorch_tanh");
    };
  }

  /**
   * Tokens that a layer with a window attends to, 0 for all. A null means no window, where an
   * absent field means the default one.
   */
  int window(int otherwise) {
    String name = "sliding_window";
    return config.isNull(name) ? 0 : config.sizeOr(name, otherwise);
  }

  /** How all layers attend, without windows and norms. */
  AttentionSpec attention() {
    int headDim = headDim();
    return AttentionSpec.of(heads, keyValueHeads(), headDim, rope().spec());
  }

  /** The same of layers of a type, where types rotate differently. */
  AttentionSpec attentionOf(String type) {
    return AttentionSpec.of(heads, keyValueHeads(), headDim(), rope().ofLayers(type).spec());
  }

  /** The same of a layer whose heads are its own, without a scale that follows from their width. */
  AttentionSpec attentionOf(int kvHeads, int width, RopeSpec rope) {
    if (heads % kvHeads != 0) {
      throw config.unusable(
          String.format("%d query heads are no multiple of %d key heads", heads, kvHeads));
    }
    if (width % 2 != 0) {
      throw noHalves(width);
    }
    var unused = config.width("num_attention_heads times head_dim", (long) heads * width);
    return AttentionSpec.of(heads, kvHeads, width, rope).withScores(1, 0);
  }

  /** How heads of some width are rotated. */
  RopeFields rope(int width) {
    return RopeFields.of(config, width, maxPositions(), defaultTheta);
  }

  /** The steps of a stage of a layer, in the usual layout of names. */
  StageBuilder stage(int layer) {
    return new StageBuilder("model.layers." + layer + ".", hiddenSize, normEpsilon(), this::ofNorm);
  }

  /** The layer's routed part, which a router's stage and those of its experts make up. */
  List<Stage> routed(Stage router, int layer, Experts experts) {
    return routed(router, experts.count(), expert -> experts.stage(stage(layer), expert));
  }

  /** The same with experts of another kind. */
  static List<Stage> routed(Stage router, int count, IntFunction<Stage> expert) {
    Stream<Stage> experts = IntStream.range(0, count).mapToObj(expert);
    return Stream.concat(Stream.of(router), experts).toList();
  }

  /** The decoder with these layers. */
  DecoderSpec decoder(String family, IntFunction<LayerProgram> layer) {
    int vocabSize = config.width("vocab_size");
    List<LayerProgram> layers = IntStream.range(0, layerCount(config)).mapToObj(layer).toList();
    return new DecoderSpec(
        family,
        vocabSize,
        hiddenSize,
        isStretchedAlready ? maxPositions() : rope().contextLength(),
        WeightSpec.matrix("model.embed_tokens.weight", vocabSize, hiddenSize),
        embeddingScale,
        carried,
        (carried == null ? 0 : carried.width()) + asideWidth(layers),
        layers,
        new HeadSpec(
            ofNorm(WeightSpec.vector("model.norm.weight", hiddenSize)),
            normEpsilon(),
            WeightSpec.matrix("lm_head.weight", vocabSize, hiddenSize),
            config.flagOr("tie_word_embeddings", defaultTied),
            logitScale,
            logitSoftCap));
  }

  private int asideWidth(List<LayerProgram> layers) {
    boolean setsAside =
        layers.stream()
            .flatMap(layer -> layer.stages().stream())
            .flatMap(stage -> stage.steps().stream())
            .anyMatch(Step.SetAside.class::isInstance);
    return setsAside ? hiddenSize : 0;
  }

  /** What norms multiply by. */
  WeightSpec ofNorm(WeightSpec weight) {
    WeightSpec sum = weight.plus(normsFromOne ? 1 : 0);
    return normsAreExact ? sum.exactly() : sum;
  }

  /** Layers of a configuration. */
  static int layerCount(JsonFields config) {
    return config.layers("num_hidden_layers");
  }

  double normEpsilon() {
    return config.positiveOr("rms_norm_eps", defaultNormEpsilon);
  }

  /** How heads are rotated, where all layers rotate alike. */
  RopeFields rope() {
    RopeFields fields = RopeFields.of(config, headDim(), maxPositions(), defaultTheta);
    fields = isPartlyRotated ? fields.partly(defaultRotatedPart) : fields;
    return mayBeLong ? fields.maybeLong() : fields;
  }

  /** The same of a head of so many elements, which is a part of others. */
  RopeFields ropeOf(int rotated) {
    return RopeFields.of(config, rotated, maxPositions(), defaultTheta);
  }

  private int maxPositions() {
    return config.sizeOr("max_position_embeddings", defaultContextLength);
  }

  int headDim() {
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
      throw noHalves(headDim);
    }
    var unused = config.width("num_attention_heads times head_dim", (long) heads * headDim);
    return headDim;
  }

  private StrataException noHalves(int width) {
    return config.unusable(String.format("a head of %d elements has no halves to rotate", width));
  }

  int keyValueHeads() {
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
