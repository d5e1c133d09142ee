package dev.strata.udfs.spark;

import java.io.Serializable;
import java.util.Map;
import java.util.TreeMap;

/**
 * What rows would ask of the engine, added up.
 *
 * @param rows all that were looked at
 * @param failures rows that would fail, by the reason
 * @param undecoded rows whose texts have the character that stands for bytes of another encoding
 * @param promptTokens tokens of the prompts of the others
 * @param promptTokensSquared the sum of their squares
 * @param newTokens the most tokens that they may get
 * @param longest the most that one may get
 * @param logitRows rows whose choice needs all logits
 * @param keptTokens tokens whose keys and values they need room for
 * @param largestKept the most that one needs room for
 * @param keptTime tokens kept times the new tokens for which they are kept
 */
public record PromptCounts(
    long rows,
    Map<String, Long> failures,
    long undecoded,
    long promptTokens,
    double promptTokensSquared,
    long newTokens,
    int longest,
    long logitRows,
    long keptTokens,
    int largestKept,
    double keptTime)
    implements Serializable {

  /** No rows. */
  public static final PromptCounts NONE = new PromptCounts(0, Map.of(), 0, 0, 0, 0, 0, 0, 0, 0, 0);

  /** Beside the counts of a row: that its texts have bytes of another encoding. */
  static final PromptCounts UNDECODED = new PromptCounts(0, Map.of(), 1, 0, 0, 0, 0, 0, 0, 0, 0);

  static PromptCounts failure(String reason) {
    return new PromptCounts(1, Map.of(reason, 1L), 0, 0, 0, 0, 0, 0, 0, 0, 0);
  }

  /**
   * A row that can run.
   *
   * @param length the most tokens of prompt and completion together
   */
  static PromptCounts row(int promptTokens, int length, boolean needsLogits) {
    int newTokens = length - promptTokens;
    int kept = length - 1;
    return new PromptCounts(
        1,
        Map.of(),
        0,
        promptTokens,
        (double) promptTokens * promptTokens,
        newTokens,
        newTokens,
        needsLogits ? 1 : 0,
        kept,
        kept,
        (double) kept * newTokens);
  }

  /** A row that has something read of its prompt alone, whose keys and values mostly pass. */
  static PromptCounts read(int promptTokens) {
    double squared = (double) promptTokens * promptTokens;
    return new PromptCounts(1, Map.of(), 0, promptTokens, squared, 0, 0, 0, 0, 0, 0);
  }

  /** The rows of both. */
  public PromptCounts plus(PromptCounts other) {
    Map<String, Long> all = new TreeMap<>(failures);
    other.failures.forEach((reason, count) -> all.merge(reason, count, Long::sum));
    return new PromptCounts(
        rows + other.rows,
        all,
        undecoded + other.undecoded,
        promptTokens + other.promptTokens,
        promptTokensSquared + other.promptTokensSquared,
        newTokens + other.newTokens,
        Math.max(longest, other.longest),
        logitRows + other.logitRows,
        keptTokens + other.keptTokens,
        Math.max(largestKept, other.largestKept),
        keptTime + other.keptTime);
  }

  /** Rows that would fail. */
  public long failed() {
    return failures.values().stream().mapToLong(Long::longValue).sum();
  }
}
