package dev.strata.udfs.journal;

import dev.strata.udfs.api.FinishReason;
import java.util.Arrays;
import java.util.Objects;

/**
 * What one row has produced, or a part of it.
 *
 * @param from how many tokens were generated before these
 * @param tokens the tokens, in their order
 * @param reason why the row ended; null while it goes on
 * @param error one sentence where the reason is an error, else null
 * @param values what was read for the row, where no tokens are generated
 */
@SuppressWarnings("ArrayRecordComponent") // equals compares them
public record RowEntry(
    RowKey key, int from, int[] tokens, FinishReason reason, String error, float[] values) {

  private static final float[] NO_VALUES = {};

  /** What arrays, the key and headers take beside the elements. */
  private static final int OVERHEAD_BYTES = 64;

  /** Tokens of a row that goes on. */
  public static RowEntry generated(RowKey key, int from, int[] tokens) {
    return new RowEntry(key, from, tokens, null, null, NO_VALUES);
  }

  public boolean isFinished() {
    return reason != null;
  }

  /** How many tokens the row has with these. */
  public int end() {
    return from + tokens.length;
  }

  /** Whether more is known by this than by another entry of the row, each from its first token. */
  boolean isAheadOf(RowEntry other) {
    return isFinished() == other.isFinished() ? end() > other.end() : isFinished();
  }

  /**
   * Both as one.
   *
   * @param next what the same attempt produced afterwards
   * @return null if something between the two is missing
   */
  RowEntry followedBy(RowEntry next) {
    if (next.from > end() || next.from < from || isFinished()) {
      return isFinished() ? this : null;
    }
    int[] all = Arrays.copyOf(tokens, next.end() - from);
    System.arraycopy(next.tokens, 0, all, next.from - from, next.tokens.length);
    return new RowEntry(key, from, all, next.reason, next.error, next.values);
  }

  /** About what it takes, in memory and in a segment. */
  long bytes() {
    return OVERHEAD_BYTES
        + 4L * (tokens.length + values.length)
        + (error == null ? 0 : 2L * error.length());
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof RowEntry that
        && key.equals(that.key)
        && from == that.from
        && Arrays.equals(tokens, that.tokens)
        && reason == that.reason
        && Objects.equals(error, that.error)
        && Arrays.equals(values, that.values);
  }

  @Override
  public int hashCode() {
    return Objects.hash(key, from, Arrays.hashCode(tokens), reason, error, Arrays.hashCode(values));
  }
}
