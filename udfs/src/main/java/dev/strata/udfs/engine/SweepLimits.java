package dev.strata.udfs.engine;

/**
 * What one sweep can take.
 *
 * @param tokens the most tokens
 * @param logitRows the most tokens whose logits can be kept in full
 * @param readRows the most rows of the head's input besides one for each sequence
 * @param passing the most tokens of a sequence that may pass: go through the model whole, and leave
 *     no keys and values
 * @param sharedKeys whether layers attend to keys and values that an earlier one left in the pool,
 *     so that no two continuations of a prompt, which leave theirs at one place, can go together
 */
record SweepLimits(int tokens, int logitRows, int readRows, int passing, boolean sharedKeys) {

  /** Every layer attends to its own keys and values, which all sequences keep. */
  SweepLimits(int tokens, int logitRows, int readRows) {
    this(tokens, logitRows, readRows, 0, false);
  }

  /** Whether a sequence of so many tokens may pass, when nothing comes after them. */
  boolean letPass(int count, int rowsToRead) {
    return count <= passing && rowsToRead <= readRows;
  }
}
