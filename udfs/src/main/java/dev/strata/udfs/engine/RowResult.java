package dev.strata.udfs.engine;

import dev.strata.udfs.api.FinishReason;

/**
 * What the engine made of a row.
 *
 * @param key the client's name for the row
 * @param tokens the generated tokens, a stop token included; empty where none were asked for
 * @param values what was read: of {@link Ask.Score} the {@link ScoredTokens}, of {@link Ask.Choose}
 *     the log-probability of each continuation, of {@link Ask.Embed} the vector; empty of {@link
 *     Ask.Generate}
 * @param reason why the row ended
 * @param error one sentence where the reason is an error, else null
 * @param mayMend whether the error depends on more than the row and the model, so that another
 *     engine may do better
 */
// Both go to one reader and are not compared: arrays spare boxing.
@SuppressWarnings("ArrayRecordComponent")
public record RowResult(
    long key, int[] tokens, float[] values, FinishReason reason, String error, boolean mayMend) {

  private static final float[] NO_VALUES = {};

  /** What any engine makes of the row. */
  public RowResult(long key, int[] tokens, float[] values, FinishReason reason, String error) {
    this(key, tokens, values, reason, error, false);
  }

  static RowResult generated(
      long key, int[] tokens, FinishReason reason, String error, boolean mayMend) {
    return new RowResult(key, tokens, NO_VALUES, reason, error, mayMend);
  }

  static RowResult read(long key, float[] values) {
    return new RowResult(key, new int[0], values, FinishReason.STOP, null);
  }

  static RowResult failed(long key, String error, boolean mayMend) {
    return generated(key, new int[0], FinishReason.ERROR, error, mayMend);
  }
}
