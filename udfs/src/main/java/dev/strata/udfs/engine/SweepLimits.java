package dev.strata.udfs.engine;

/**
 * What one sweep can take.
 *
 * @param tokens the most tokens
 * @param logitRows the most tokens whose logits can be kept in full
 * @param readRows the most rows of the head's input besides one for each sequence
 * @param sharedKeys whether layers attend to keys and values that an earlier one left in the pool,
 *     so that no two continuations of a prompt, which leave theirs at one place, can go together
 */
record SweepLimits(int tokens, int logitRows, int readRows, boolean sharedKeys) {

  /** Every layer attends to its own keys and values. */
  SweepLimits(int tokens, int logitRows, int readRows) {
    this(tokens, logitRows, readRows, false);
  }
}
