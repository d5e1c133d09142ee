package dev.strata.udfs.live;

import dev.strata.udfs.api.SweepTimes;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.TimeUnit;

/** How fast tokens go through sweeps of late, and how fast they could. */
final class Pace {

  private static final long WINDOW_NANOS = TimeUnit.SECONDS.toNanos(15);

  /**
   * What was counted at a time.
   *
   * @param busy nanoseconds of sweeps
   * @param limit of these, those that no overlap could have saved
   */
  private record Reading(long at, long tokens, long busy, long limit) {}

  private final Deque<Reading> readings = new ArrayDeque<>();

  /**
   * Takes a reading.
   *
   * @param at as {@link System#nanoTime} has it
   * @param tokens those that count, so far
   */
  void read(long at, long tokens, SweepTimes times) {
    Reading now = new Reading(at, tokens, times.nanos(), times.limitNanos());
    Reading last = readings.peekLast();
    if (last != null && last.busy == now.busy) {
      return; // between the ends of two sweeps nothing is known
    }
    if (last != null && last.tokens > tokens) {
      readings.clear(); // others count now
    }
    readings.addLast(now);
    while (readings.size() > 2 && at - readings.peekFirst().at > WINDOW_NANOS) {
      readings.removeFirst();
    }
  }

  /** Tokens for each second of sweeps; 0 if not known. */
  double perSecond() {
    return readings.isEmpty() ? 0 : rate(last().busy - base().busy);
  }

  /** The same if what takes longest of reading, copying and computing never waited. */
  double limitPerSecond() {
    return readings.isEmpty() ? 0 : rate(last().limit - base().limit);
  }

  private double rate(long nanos) {
    return nanos <= 0 ? 0 : 1e9 * (last().tokens - base().tokens) / nanos;
  }

  private Reading last() {
    return readings.getLast();
  }

  /** Where there is one reading alone, the beginning. */
  private Reading base() {
    return readings.size() == 1 ? new Reading(0, 0, 0, 0) : readings.getFirst();
  }
}
