package dev.strata.udfs.model;

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
    WeightSpec sinks) {

  /** Every token attends to all before it, with the scale that the width of a head gives. */
  static AttentionSpec of(int heads, int kvHeads, int headDim, RopeSpec rope) {
    return new AttentionSpec(
        heads, kvHeads, headDim, null, null, 0, rope, 0, 1 / Math.sqrt(headDim), 0, null);
  }

  /** The same with a window, 0 for none. */
  AttentionSpec withWindow(int tokens) {
    return new AttentionSpec(
        heads,
        kvHeads,
        headDim,
        queryNorm,
        keyNorm,
        normEpsilon,
        rope,
        tokens,
        scale,
        softCap,
        sinks);
  }

  /** The same with norms of queries and keys. */
  AttentionSpec withNorms(WeightSpec ofQueries, WeightSpec ofKeys, double epsilon) {
    return new AttentionSpec(
        heads, kvHeads, headDim, ofQueries, ofKeys, epsilon, rope, window, scale, softCap, sinks);
  }

  /** The same rotated otherwise, null for not at all. */
  AttentionSpec withRope(RopeSpec other) {
    return new AttentionSpec(
        heads,
        kvHeads,
        headDim,
        queryNorm,
        keyNorm,
        normEpsilon,
        other,
        window,
        scale,
        softCap,
        sinks);
  }

  /** The same with another scale and a soft cap, 0 for none. */
  AttentionSpec withScores(double factor, double cap) {
    return new AttentionSpec(
        heads, kvHeads, headDim, queryNorm, keyNorm, normEpsilon, rope, window, factor, cap, sinks);
  }

  /** The same with a sink for each head. */
  AttentionSpec withSinks(WeightSpec ofHeads) {
    return new AttentionSpec(
        heads,
        kvHeads,
        headDim,
        queryNorm,
        keyNorm,
        normEpsilon,
        rope,
        window,
        scale,
        softCap,
        ofHeads);
  }

  /** Width of all query heads together. */
  public int queryWidth() {
    return heads * headDim;
  }

  /** Width of all key heads together, and of all value heads. */
  public int keyValueWidth() {
    return kvHeads * headDim;
  }

  /** Width of queries, keys and values side by side. */
  public int width() {
    return queryWidth() + 2 * keyValueWidth();
  }
}
