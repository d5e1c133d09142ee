package dev.strata.udfs.text;

import dev.strata.udfs.api.RowException;
import java.util.BitSet;
import java.util.List;

/**
 * What a tokenizer can be given of a text without ending the JVM or never coming back.
 *
 * @param chars the most chars
 * @param normalizedChars the most chars that the normalizer may make of it
 * @param runs what must not be repeated too often
 */
record TextLimits(int chars, int normalizedChars, NormalizerSteps normalizer, List<Run> runs) {

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
    long mayBecome = text.length() * normalizer.growth();
    if (mayBecome > (runs.isEmpty() ? normalizedChars : RescannedRuns.MOST_CHARS)) {
      requireNormalized(normalizer.of(text, normalizedChars));
    }
    if (text.length() > RescannedRuns.MOST_CHARS) { // for the normalizer's own expressions
      runs.forEach(run -> require(RescannedRuns.longest(text, run.characters()), run));
    }
  }

  private void requireNormalized(NormalizedText normalized) {
    if (normalized.length() > normalizedChars) {
      throw new RowException(
          ("the tokenizer's normalizer may make %,d characters of the text, more than the %,d that"
                  + " are tokenized at once; split it or cut it")
              .formatted(normalized.length(), normalizedChars));
    }
    runs.forEach(run -> require(longest(normalized, run), run));
  }

  /** A text that is not known may be one run. */
  private static long longest(NormalizedText normalized, Run run) {
    return normalized.text() == null
        ? normalized.length()
        : RescannedRuns.longest(normalized.text(), run.characters());
  }

  private static void require(long longest, Run run) {
    if (longest > RescannedRuns.MOST_CHARS) {
      throw new RowException(
          ("the text has %,d characters in a row that the tokenizer's expression '%s' searches"
                  + " again from each of them, more than the %,d that it has time for; cut them")
              .formatted(longest, run.expression(), RescannedRuns.MOST_CHARS));
    }
  }
}
