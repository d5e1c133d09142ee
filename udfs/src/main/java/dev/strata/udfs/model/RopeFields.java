package dev.strata.udfs.model;

import dev.strata.udfs.api.StrataException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Reads how a model rotates: {@code rope_parameters}, or {@code rope_theta} beside {@code
 * rope_scaling} in the older form. The order in which the places are looked at is that of
 * RotaryEmbeddingConfigMixin in Hugging Face transformers 5.
 */
final class RopeFields {

  static final double DEFAULT_THETA = 10_000;
  private static final List<String> OLDER_NAMES_OF_LONG = List.of("su", "yarn");
  private static final String PRETRAINED_LENGTH = "original_max_position_embeddings";

  private final JsonFields config;
  private final JsonFields rope;
  private final int headDim;
  private final int maxPositions;
  private final double defaultTheta;
  private final boolean isPartly;
  private final boolean mayBeLong;

  /**
   * @param headDim elements of a head that are rotated
   * @param isPartly whether they may be a part of them
   * @param mayBeLong whether longrope is known to the family
   */
  private RopeFields(
      JsonFields config,
      JsonFields rope,
      int headDim,
      int maxPositions,
      double defaultTheta,
      boolean isPartly,
      boolean mayBeLong) {
    this.config = config;
    this.rope = rope;
    this.headDim = headDim;
    this.maxPositions = maxPositions;
    this.defaultTheta = defaultTheta;
    this.isPartly = isPartly;
    this.mayBeLong = mayBeLong;
  }

  /**
   * @param maxPositions what {@code max_position_embeddings} says
   * @param defaultTheta what an absent {@code rope_theta} means
   */
  static RopeFields of(JsonFields config, int headDim, int maxPositions, double defaultTheta) {
    boolean older = config.isPresent("rope_scaling");
    JsonFields rope = config.object(older ? "rope_scaling" : "rope_parameters");
    return new RopeFields(config, rope, headDim, maxPositions, defaultTheta, false, false);
  }

  /**
   * The same where only a part of each head may be rotated.
   *
   * @param otherwise what an absent {@code partial_rotary_factor} means
   */
  RopeFields partly(double otherwise) {
    String name = "partial_rotary_factor";
    double part = rope.positiveOr(name, config.positiveOr(name, otherwise));
    int rotated = (int) (headDim * part);
    if (part > 1 || rotated < 2 || rotated % 2 != 0) {
      throw config.unusable(
          String.format("partial_rotary_factor %s of a head of %d is no pairs", part, headDim));
    }
    return new RopeFields(config, rope, rotated, maxPositions, defaultTheta, true, mayBeLong);
  }

  /** The same where longrope is known, under all names that it had. */
  RopeFields maybeLong() {
    return new RopeFields(config, rope, headDim, maxPositions, defaultTheta, isPartly, true);
  }

  /** The same for layers of a type, whose parameters are apart where there are several. */
  RopeFields ofLayers(String type) {
    return rope.isPresent(type)
        ? new RopeFields(
            config, rope.object(type), headDim, maxPositions, defaultTheta, isPartly, mayBeLong)
        : this;
  }

  /**
   * How much queries grow with their position, and after how many: {@code llama_4_scaling_beta} at
   * the pretrained length; not at all where it is absent.
   */
  RopeSpec growing() {
    double beta = rope.numberOr("llama_4_scaling_beta", 0);
    return beta == 0 ? spec() : spec().growing(beta, pretrainedLength());
  }

  /** Rotation without scaling. */
  static RopeSpec plain(double theta, int headDim) {
    return spec(RopeScaling.plain(theta, headDim), 1);
  }

  RopeSpec spec() {
    if (!isPartly && !type().equals("proportional")) {
      requireWholeHead(config);
      requireWholeHead(rope);
    }
    requireOneForAllLayers();
    float[] plain = RopeScaling.plain(theta(), headDim);
    return switch (type()) {
      case "default" -> spec(plain, 1);
      case "linear" -> spec(RopeScaling.linear(plain, rope.positive("factor")), 1);
      case "llama3" -> spec(llama3(plain), 1);
      case "yarn" -> yarn();
      case "longrope" -> longrope();
      case "proportional" -> proportional();
      default -> throw unsupported();
    };
  }

  private StrataException unsupported() {
    return StrataException.model(
        "rope type %s in %s is not supported; use a model whose rope type is default, linear,"
            + " llama3 or yarn",
        type(), config.origin());
  }

  /**
   * The most tokens that a sequence can have: what the pretrained length is stretched to, unless
   * {@code max_position_embeddings} says more. It is the pretrained length in configurations that
   * add a scaling to a model (Qwen2.5's for long texts, Vicuna 16k), and the stretched one in those
   * of models that were trained with it. Llama 3.1's scaling has a factor beyond what the models
   * were trained for; there the field alone counts, as in vLLM.
   */
  int contextLength() {
    return switch (type()) {
      case "linear" -> stretched(rope.positive("factor"));
      case "yarn" -> stretched(yarnFactor());
      default -> maxPositions;
    };
  }

  private int stretched(double factor) {
    // Rounded, as a factor may come of a division; a number beyond all ints is the largest.
    return Math.max(maxPositions, (int) Math.rint(pretrainedLength() * factor));
  }

  /** What the scale of scores grows by in models that stretch their rope and say so. */
  double scoreScale() {
    double allDimensions = rope.numberOr("mscale_all_dim", 0);
    if (type().equals("default") || allDimensions == 0) {
      return 1;
    }
    double temperature = RopeScaling.temperature(rope.positive("factor"), allDimensions);
    return temperature * temperature;
  }

  private String type() {
    String type = rope.textOr("rope_type", rope.textOr("type", "default"));
    return mayBeLong && OLDER_NAMES_OF_LONG.contains(type) ? "longrope" : type;
  }

  private static void requireWholeHead(JsonFields fields) {
    String name = "partial_rotary_factor";
    if (fields.positiveOr(name, 1) != 1) {
      throw fields.invalid(name, "1, as partly rotated heads are not supported");
    }
  }

  /** Some families nest one set of parameters per layer type, which would read as no scaling. */
  private void requireOneForAllLayers() {
    for (String name : rope.names()) {
      if (name.endsWith("_attention")) {
        throw rope.invalid(name, "absent, as all layers of this model type rotate alike");
      }
    }
  }

  private double theta() {
    return rope.positiveOr("rope_theta", config.positiveOr("rope_theta", defaultTheta));
  }

  private float[] llama3(float[] plain) {
    double low = rope.positive("low_freq_factor");
    double high = rope.positive("high_freq_factor");
    if (high <= low) {
      throw rope.invalid("high_freq_factor", "above low_freq_factor " + low);
    }
    return RopeScaling.llama3(plain, rope.positive("factor"), low, high, pretrainedLength());
  }

  /** A part of the frequencies that a whole head has; what is left does not turn. */
  private RopeSpec proportional() {
    float[] frequencies = RopeScaling.linear(RopeScaling.plain(theta(), headDim), factor());
    double part = rope.positiveOr("partial_rotary_factor", 1);
    Arrays.fill(frequencies, Math.min(headDim / 2, (int) (part * headDim / 2)), headDim / 2, 0);
    return spec(frequencies, 1);
  }

  private double factor() {
    return rope.positiveOr("factor", 1);
  }

  private RopeSpec longrope() {
    if (!mayBeLong) {
      throw unsupported();
    }
    int pretrained = pretrainedLength();
    double ratio = (double) maxPositions / pretrained;
    double factor = config.isPresent(PRETRAINED_LENGTH) ? ratio : rope.positiveOr("factor", ratio);
    double derived = factor <= 1 ? 1 : Math.sqrt(1 + Math.log(factor) / Math.log(pretrained));
    RopeSpec far = spec(longrope("long_factor"), 1);
    return spec(longrope("short_factor"), rope.numberOr("attention_factor", derived))
        .withLonger(new RopeSpec.Longer(far.inverseFrequencies(), pretrained));
  }

  private float[] longrope(String factors) {
    return RopeScaling.longrope(theta(), headDim, rope.positives(factors, headDim / 2));
  }

  private RopeSpec yarn() {
    double factor = yarnFactor();
    // Zero counts as absent here, as Python's `or` has it.
    double fast = orDefault(rope.numberOr("beta_fast", 0), 32);
    double slow = orDefault(rope.numberOr("beta_slow", 0), 1);
    boolean truncate = rope.flagOr("truncate", true);
    float[] frequencies =
        RopeScaling.yarn(theta(), headDim, factor, fast, slow, truncate, pretrainedLength());
    return spec(frequencies, attentionFactor(factor));
  }

  private double yarnFactor() {
    if (rope.isPresent("factor") || !rope.isPresent(PRETRAINED_LENGTH)) {
      return rope.positive("factor");
    }
    return (double) maxPositions / pretrainedLength();
  }

  private double attentionFactor(double factor) {
    double perHead = rope.numberOr("mscale", 0);
    double allDimensions = rope.numberOr("mscale_all_dim", 0);
    double derived =
        perHead != 0 && allDimensions != 0
            ? RopeScaling.temperature(factor, perHead)
                / RopeScaling.temperature(factor, allDimensions)
            : RopeScaling.temperature(factor, 1);
    return rope.numberOr("attention_factor", derived);
  }

  /** The field beside {@code rope_parameters} wins over the one inside. */
  private int pretrainedLength() {
    return config.sizeOr(PRETRAINED_LENGTH, rope.sizeOr(PRETRAINED_LENGTH, maxPositions));
  }

  private static double orDefault(double value, double otherwise) {
    return value == 0 ? otherwise : value;
  }

  private static RopeSpec spec(float[] frequencies, double attentionFactor) {
    List<Double> exact = new ArrayList<>(frequencies.length);
    for (float frequency : frequencies) {
      exact.add((double) frequency);
    }
    return new RopeSpec(exact, attentionFactor);
  }
}
