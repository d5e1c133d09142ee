package dev.strata.job.plan;

/**
 * What rows ask of an engine; fractions where it was worked out from a sample.
 *
 * @param rows those that do not fail
 * @param promptTokens tokens of their prompts
 * @param newTokens the most tokens that they may get
 * @param longest the most that one may get
 * @param needsLogits whether some choose by all logits: sampling, penalties
 * @param keptTokens tokens whose keys and values they need room for
 * @param largestKept the most that one needs room for
 * @param keptTime tokens kept times the new tokens for which they are kept
 */
public record Workload(
    double rows,
    double promptTokens,
    double newTokens,
    int longest,
    boolean needsLogits,
    double keptTokens,
    int largestKept,
    double keptTime) {

  /** The part of one of several engines. */
  public Workload share(int engines) {
    return times(1.0 / engines);
  }

  /** As many rows like these as {@code factor} times their number. */
  public Workload times(double factor) {
    return new Workload(
        rows * factor,
        promptTokens * factor,
        newTokens * factor,
        longest,
        needsLogits,
        keptTokens * factor,
        largestKept,
        keptTime * factor);
  }

  /** What goes through the model if every row stops at its first token. */
  public double fewestTokens() {
    return promptTokens;
  }

  /** What goes through the model if no row stops early; its last token need not. */
  public double mostTokens() {
    return promptTokens + Math.max(0, newTokens - rows);
  }
}
