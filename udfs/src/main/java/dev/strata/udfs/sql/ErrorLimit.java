package dev.strata.udfs.sql;

import dev.strata.udfs.api.StrataException;
import org.apache.spark.sql.execution.metric.SQLMetric;

/** Ends a task in which too many calls fail. */
final class ErrorLimit {

  /** From so many calls on they are judged before the partition's end. */
  static final int FIRST_JUDGED = 20;

  private final double maxRatio;
  private final SQLMetric failures;
  private long calls;
  private long failed;

  ErrorLimit(double maxRatio, SQLMetric failures) {
    this.maxRatio = maxRatio;
    this.failures = failures;
  }

  /**
   * Counts a call.
   *
   * @throws StrataException if too many have failed
   */
  void count(boolean isFailed) {
    calls++;
    if (isFailed) {
      failed++;
      failures.add(1L);
      if (calls >= FIRST_JUDGED) {
        judge();
      }
    }
  }

  /**
   * Judges all calls of a partition.
   *
   * @throws StrataException if too many have failed
   */
  void judge() {
    if (failed > maxRatio * calls) {
      throw StrataException.data(
          "%d of %d calls failed, which is more than spark.strata.sql.maxErrorRatio, %s, allows",
          failed, calls, maxRatio);
    }
  }
}
