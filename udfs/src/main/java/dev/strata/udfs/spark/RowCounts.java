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
 * @param undecoded rows whose texts have the character that stands for bytes of another encoding
 * @param repeated rows whose answers are those of equal prompts, which were asked once
 * @param kept rows whose answers an earlier attempt had finished
 * @param resumed rows that an earlier attempt had begun
 * @param keptTokens tokens that earlier attempts had generated
 * @param reasons why rows have errors
 */
public record RowCounts(
    long done,
    long errors,
    long promptTokens,
    long completionTokens,
    long undecoded,
    long repeated,
    long kept,
    long resumed,
    long keptTokens,
    ErrorReasons reasons)
    implements Serializable {

  /** No rows. */
  public static final RowCounts NONE = new RowCounts(0, 0, 0, 0);

  /** Of one text in another encoding. */
  static final RowCounts UNDECODED = new RowCounts(0, 0, 0, 0, 1, 0);

  /** Of one prompt that was not asked again. */
  static final RowCounts REPEATED = new RowCounts(0, 0, 0, 0, 0, 1);

  public RowCounts(long done, long errors, long promptTokens, long completionTokens) {
    this(done, errors, promptTokens, completionTokens, 0, 0);
  }

  private RowCounts(
      long done,
      long errors,
      long promptTokens,
      long completionTokens,
      long undecoded,
      long repeated) {
    this(
        done,
        errors,
        promptTokens,
        completionTokens,
        undecoded,
        repeated,
        0,
        0,
        0,
        ErrorReasons.NONE);
  }

  /** Of one row that was finished by an earlier attempt. */
  static RowCounts kept(long tokens) {
    return new RowCounts(0, 0, 0, 0, 0, 0, 1, 0, tokens, ErrorReasons.NONE);
  }

  /** Of one row that was begun by an earlier attempt. */
  static RowCounts resumed(long tokens) {
    return new RowCounts(0, 0, 0, 0, 0, 0, 0, 1, tokens, ErrorReasons.NONE);
  }

  static RowCounts of(Completion completion) {
    boolean isError = completion.error() != null;
    return new RowCounts(
        1,
        isError ? 1 : 0,
        completion.promptTokens(),
        completion.completionTokens(),
        0,
        0,
        0,
        0,
        0,
        isError ? ErrorReasons.of(completion.error()) : ErrorReasons.NONE);
  }

  /** Both together. */
  public RowCounts plus(RowCounts other) {
    return new RowCounts(
        done + other.done,
        errors + other.errors,
        promptTokens + other.promptTokens,
        completionTokens + other.completionTokens,
        undecoded + other.undecoded,
        repeated + other.repeated,
        kept + other.kept,
        resumed + other.resumed,
        keptTokens + other.keptTokens,
        reasons.plus(other.reasons));
  }
}
