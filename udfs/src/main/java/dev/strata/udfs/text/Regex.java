package dev.strata.udfs.text;

import java.util.BitSet;
import java.util.List;

/**
 * A regular expression of a tokenizer file, as the tokenizers library (Oniguruma) reads it and as
 * far as it matters for how it backtracks: groups without their numbers, repeats that are lazy like
 * those that are greedy.
 */
sealed interface Regex {

  /** One character of a set. */
  record Characters(BitSet set) implements Regex {}

  record Chain(List<Regex> parts) implements Regex {}

  record Choice(List<Regex> alternatives) implements Regex {}

  /**
   * A repeated part.
   *
   * @param most {@link #UNBOUNDED} if there is no bound
   * @param source how it is written, for messages
   */
  record Repeat(Regex body, int least, int most, String source) implements Regex {
    static final int UNBOUNDED = Integer.MAX_VALUE;
  }

  /** A part that gives back nothing of what it has matched. */
  record Atomic(Regex body) implements Regex {}

  /**
   * A condition on the place.
   *
   * @param body what is looked for there; null for an anchor
   */
  record Assertion(Regex body) implements Regex {}
}
