package dev.strata.udfs.live;

import java.time.Duration;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * Guesses when a run ends: the rest goes as fast as what is done. Between two reports the guess is
 * counted down, so that it does not wander.
 */
public final class TimeToGo {

  /**
   * A guess from less than one part in so many would be wild: the first rows of a wave are late.
   */
  private static final int LEAST_PART = 20;

  private long startNanos;
  private long changedNanos;
  private long done;

  public TimeToGo(long startNanos) {
    this.startNanos = startNanos;
    this.changedNanos = startNanos;
  }

  /** Takes note of the rows done; the time in which there were none yet does not count. */
  public void read(long nanos, boolean started, long rowsDone) {
    if (!started) {
      startNanos = nanos;
    }
    if (rowsDone != done) {
      done = rowsDone;
      changedNanos = nanos;
    }
  }

  /** The guess, if there is anything to make one from. */
  public Optional<Duration> guess(long nanos, OptionalLong total) {
    if (total.isEmpty() || done == 0 || done * LEAST_PART < total.getAsLong()) {
      return Optional.empty();
    }
    long rest = Math.max(0, total.getAsLong() - done);
    double perRow = (double) (changedNanos - startNanos) / done;
    long nanosToGo = (long) (perRow * rest) - (nanos - changedNanos);
    return Optional.of(Duration.ofNanos(Math.max(0, nanosToGo)));
  }
}
