package dev.strata.udfs.model;

import java.util.function.Consumer;

/**
 * How a layer attends.
 *
 * @param heads query heads
 * @param kvHeads key and value heads; divides {@code heads}
 * @param headDim width of one head
 * @param queryNorm what queries are RMS-normed with before they are rotated: [headDim] head by
 *     head, [heads · headDim] all heads of a token together; null for none
 * @param keyNorm the same of keys
 * @param normEpsilon added to the mean square in these norms
 * @param rope how queries and keys are rotated; null for not at all
 * @param window tokens a token may attend to, itself included; 0 for all before it
 * @param scale what products of queries and keys are multiplied by
 * @param softCap scores are {@code softCap · tanh(score / softCap)}; 0 for none
 * @param sinks [heads], a score beside those of the keys that no value belongs to; null for none
 * @param values what becomes of values before they are kept
 * @param keysOf the earlier layer whose keys and values the layer attends to, which has as many
 *     heads as wide; {@link #OWN} for its own
 */
public record AttentionSpec(
    int heads,
    int kvHeads,
    int headDim,
    WeightSpec queryNorm,
    WeightSpec keyNorm,
    double normEpsilon,
    RopeSpec rope,
    int window,
    double scale,
    double softCap,
    WeightSpec sinks,
    Values values,
    int keysOf) {

  /** Keys and values are the layer's own. */
  public static final int OWN = -1;

  /** What becomes of values before they are kept. */
  public enum Values {
    /** They stay as they are. */
    PLAIN,
    /** They are RMS-normed head by head, without a weight. */
    NORMED,
    /** They are the keys before their norm, normed so. */
    NORMED_KEYS
  }

  /** Every token attends to all before it, with the scale that the width of a head gives. */
  static AttentionSpec of(int heads, int kvHeads, int headDim, RopeSpec rope) {
    double scale = 1 / Math.sqrt(headDim);
    return new AttentionSpec(
        heads, kvHeads, headDim, null, null, 0, rope, 0, scale, 0, null, Values.PLAIN, OWN);
  }

  /** The same with a window, 0 for none. */
  AttentionSpec withWindow(int tokens) {
    return with(copy -> copy.window = tokens);
  }

  /** The same with norms of queries and keys. */
  AttentionSpec withNorms(WeightSpec ofQueries, WeightSpec ofKeys, double epsilon) {
    return with(
        copy -> {
          copy.queryNorm = ofQueries;
          copy.keyNorm = ofKeys;
          copy.normEpsilon = epsilon;
        });
  }

  /** The same rotated otherwise, null for not at all. */
  AttentionSpec withRope(RopeSpec other) {
    return with(copy -> copy.rope = other);
  }

  /** The same with another scale and a soft cap, 0 for none. */
  AttentionSpec withScores(double factor, double cap) {
    return with(
        copy -> {
          copy.scale = factor;
          copy.softCap = cap;
        });
  }

  /** The same with a sink for each head. */
  AttentionSpec withSinks(WeightSpec ofHeads) {
    return with(copy -> copy.sinks = ofHeads);
  }

  /** The same with other values. */
  AttentionSpec withValues(Values other) {
    return with(copy -> copy.values = other);
  }

  /** The same with the keys and values of an earlier layer. */
  AttentionSpec withKeysOf(int layer) {
    return with(copy -> copy.keysOf = layer);
  }

  private AttentionSpec with(Consumer<Copy> change) {
    Copy copy = new Copy(this);
    change.accept(copy);
    return copy.spec();
  }

  /** All but the heads, to be changed. */
  private static final class Copy {

    private final AttentionSpec of;
    private WeightSpec queryNorm;
    private WeightSpec keyNorm;
    private double normEpsilon;
    private RopeSpec rope;
    private int window;
    private double scale;
    private double softCap;
    private WeightSpec sinks;
    private Values values;
    private int keysOf;

    Copy(AttentionSpec of) {
      this.of = of;
      this.queryNorm = of.queryNorm;
      this.keyNorm = of.keyNorm;
      this.normEpsilon = of.normEpsilon;
      this.rope = of.rope;
      this.window = of.window;
      this.scale = of.scale;
      this.softCap = of.softCap;
      this.sinks = of.sinks;
      this.values = of.values;
      this.keysOf = of.keysOf;
    }

    AttentionSpec spec() {
      return new AttentionSpec(
          of.heads,
          of.kvHeads,
          of.headDim,
          queryNorm,
          keyNorm,
          normEpsilon,
          rope,
          window,
          scale,
          softCap,
          sinks,
          values,
          keysOf);
    }
  }

  /** Whether keys and values are an earlier layer's. */
  public boolean sharesKeys() {
    return keysOf != OWN;
  }

  /** Width of all query heads together. */
  public int queryWidth() {
    return heads * headDim;
  }

  /** Width of all key heads together, and of all value heads. */
  public int keyValueWidth() {
    return kvHeads * headDim;
  }

  /** Width of queries, keys and values side by side; of queries where the rest is not its own. */
  public int width() {
    return sharesKeys() ? queryWidth() : queryWidth() + 2 * keyValueWidth();
  }
}
