package dev.strata.udfs.text;

import dev.strata.udfs.api.RowException;
import java.util.BitSet;
import java.util.List;

/**
 * What a tokenizer can be given of a text without ending the JVM or never coming back.
 *
 * @param chars the most chars
 * @param runs what must not be repeated too often
 */
record TextLimits(int chars, List<Run> runs) {

  /**
   * Characters of which a long run is searched again from each of them.
   *
   * @param expression the one that does, for messages
   */
  record Run(String expression, BitSet characters) {}

  /**
   * Checks a text.
   *
   * @throws RowException if it is beyond the limits
   */
  void require(String text) {
    if (text.length() > chars) {
      throw new RowException(
          "the text has %,d characters, more than the %,d that are tokenized at once; split it or cut it"
              .formatted(text.length(), chars));
    }
    if (text.length() > RescannedRuns.MOST_CHARS) {
      runs.forEach(run -> require(text, run));
    }
  }

  private static void require(String text, Run run) {
    int longest = RescannedRuns.longest(text, run.characters());
    if (longest > RescannedRuns.MOST_CHARS) {
      throw new RowException(
          ("the text has %,d characters in a row that the tokenizer's expression '%s' searches again"
                  + " from each of them, more than the %,d that it has time for; cut them")
              .formatted(longest, run.expression(), RescannedRuns.MOST_CHARS));
    }
  }
}
