package dev.strata.udfs.spark;

import dev.strata.udfs.api.StrataException;
import java.io.Serializable;

/**
 * Counts what a task is asked, and ends the task if too much of its run has failed: that of all
 * partitions that the driver has heard of.
 */
public final class ErrorLimit {

  /** From so many of a run on they are judged before its end, as often as that. */
  static final int FIRST_JUDGED = 20;

  /**
   * What a run allows.
   *
   * @param maxRatio the part that may fail; 1 for all
   * @param run a number that no other has
   * @param partitions how many it has
   * @param things what fails, in the plural
   * @param key the key that says so
   */
  public record Allowed(double maxRatio, long run, int partitions, String things, String key)
      implements Serializable {

    /** The limit of a run of the driver's process, which listens to the run's tasks. */
    public static Allowed of(double maxRatio, long run, int partitions, String things, String key) {
      if (maxRatio < 1) {
        ErrorTally.listen();
      }
      return new Allowed(maxRatio, run, partitions, things, key);
    }

    private boolean isLimit() {
      return maxRatio < 1;
    }

    /** The limit of a task. */
    public ErrorLimit inPartition(int partition) {
      return new ErrorLimit(this, partition);
    }
  }

  private final Allowed allowed;
  private final int partition;
  private long asked;
  private long failed;
  private long judged;

  private ErrorLimit(Allowed allowed, int partition) {
    this.allowed = allowed;
    this.partition = partition;
  }

  /** Counts one that is asked for, before it is known what becomes of it. */
  public void asked() {
    asked++;
  }

  /**
   * Counts one that was asked for and failed.
   *
   * @param error why
   * @throws StrataException if too many have failed
   */
  public void failed(String error) {
    failed++;
    if (asked - judged >= FIRST_JUDGED) {
      judged = asked;
      judge(false, ", the last with: " + error);
    }
  }

  /**
   * Says that the partition is through.
   *
   * @throws StrataException if too many have failed
   */
  public void end() {
    judge(true, "");
  }

  private void judge(boolean isEnded, String reason) {
    if (!allowed.isLimit()) {
      return;
    }
    ErrorTally.Counts all =
        ErrorTally.tell(
            allowed.run(), partition, new ErrorTally.Counts(asked, failed, isEnded ? 1 : 0));
    boolean isEnough = all.asked() >= FIRST_JUDGED || all.ended() >= allowed.partitions();
    if (isEnough && all.failed() > allowed.maxRatio() * all.asked()) {
      throw StrataException.data(
          "%d of %d %s failed, which is more than %s, %s, allows%s",
          all.failed(), all.asked(), allowed.things(), allowed.key(), allowed.maxRatio(), reason);
    }
  }
}
