package dev.strata.udfs.transformer;

import dev.strata.udfs.tensor.Segments;

/**
 * A micro-batch: a run of the sweep's tokens whose activations are on the device at once.
 *
 * @param first its first token, in the sweep's order
 * @param tokens how many
 * @param segments its sequences, rows counted from the block's first token
 */
public record TokenBlock(int first, int tokens, Segments segments) {

  /** The same tokens with segments of at most {@code scores} products of a query row with a key. */
  public TokenBlock cut(long scores) {
    return new TokenBlock(first, tokens, segments.cut(scores));
  }
}
