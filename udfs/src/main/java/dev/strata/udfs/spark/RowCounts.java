package dev.strata.udfs.spark;

import dev.strata.udfs.api.Completion;
import java.io.Serializable;

/**
 * Rows that left the partition function.
 *
 * @param done rows, failed ones included
 * @param errors rows with an error
 * @param promptTokens tokens of their prompts
 * @param completionTokens tokens of their completions
 */
public record RowCounts(long done, long errors, long promptTokens, long completionTokens)
    implements Serializable {

  /** No rows. */
  public static final RowCounts NONE = new RowCounts(0, 0, 0, 0);

  static RowCounts of(Completion completion) {
    return new RowCounts(
        1,
        completion.error() == null ? 0 : 1,
        completion.promptTokens(),
        completion.completionTokens());
  }

  RowCounts plus(RowCounts other) {
    return new RowCounts(
        done + other.done,
        errors + other.errors,
        promptTokens + other.promptTokens,
        completionTokens + other.completionTokens);
  }
}
