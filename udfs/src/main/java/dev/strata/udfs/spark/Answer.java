package dev.strata.udfs.spark;

import dev.strata.udfs.api.Completion;
import dev.strata.udfs.engine.ScoredTokens;

/**
 * The answer to a question.
 *
 * @param completion without a text where something else was read
 * @param values what was read; empty where tokens were generated
 */
// The values go to one reader and are not compared: an array spares boxing.
@SuppressWarnings("ArrayRecordComponent")
public record Answer(Completion completion, float[] values) {

  private static final float[] NO_VALUES = {};

  /** The log-probability of all that was scored. */
  public double logLikelihood() {
    return scored().sum();
  }

  /** How many tokens were scored. */
  public int scoredTokens() {
    return scored().count();
  }

  /** What was read where tokens were scored. */
  ScoredTokens scored() {
    return ScoredTokens.of(values);
  }

  static Answer of(Completion completion) {
    return new Answer(completion, NO_VALUES);
  }

  static Answer failed(String error, int promptTokens) {
    return of(Completion.failed(error, promptTokens));
  }
}
