package dev.strata.udfs.sql;

import dev.strata.udfs.api.StrataException;
import java.io.Serializable;
import org.apache.spark.sql.execution.metric.SQLMetric;

/**
 * Counts the calls of a task, and ends the task if too many of its query have failed: those of all
 * partitions that the driver has heard of.
 */
final class ErrorLimit {

  /** From so many calls of a query on they are judged before its end, as often as that. */
  static final int FIRST_JUDGED = 20;

  /**
   * What a query allows.
   *
   * @param maxRatio the part of its calls that may fail; 1 for all
   * @param query a number that no other has
   * @param partitions how many it has
   */
  record Allowed(double maxRatio, long query, int partitions) implements Serializable {

    private boolean isLimit() {
      return maxRatio < 1;
    }

    /** The limit of a task. */
    ErrorLimit inPartition(int partition, SQLMetric failures) {
      return new ErrorLimit(this, partition, failures);
    }
  }

  private final Allowed allowed;
  private final int partition;
  private final SQLMetric failures;
  private long calls;
  private long failed;
  private long judged;

  private ErrorLimit(Allowed allowed, int partition, SQLMetric failures) {
    this.allowed = allowed;
    this.partition = partition;
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
      if (calls - judged >= FIRST_JUDGED) {
        judged = calls;
        judge(false);
      }
    }
  }

  /**
   * Says that the partition is through.
   *
   * @throws StrataException if too many calls have failed
   */
  void end() {
    judge(true);
  }

  private void judge(boolean isEnded) {
    if (!allowed.isLimit()) {
      return;
    }
    ErrorTally.Counts all =
        ErrorTally.tell(
            allowed.query(), partition, new ErrorTally.Counts(calls, failed, isEnded ? 1 : 0));
    boolean isEnough = all.calls() >= FIRST_JUDGED || all.ended() >= allowed.partitions();
    if (isEnough && all.failed() > allowed.maxRatio() * all.calls()) {
      throw StrataException.data(
          "%d of %d calls failed, which is more than spark.strata.sql.maxErrorRatio, %s, allows",
          all.failed(), all.calls(), allowed.maxRatio());
    }
  }
}
