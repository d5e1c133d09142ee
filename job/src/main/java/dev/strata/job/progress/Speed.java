package dev.strata.job.progress;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;

/** The rate at which a count has grown of late. */
final class Speed {

  private record Reading(long nanos, long count) {}

  private final long windowNanos;
  private final Deque<Reading> readings = new ArrayDeque<>();

  Speed(Duration window) {
    this.windowNanos = window.toNanos();
  }

  /** Takes a reading. One reading stays that is older than the window, to measure from. */
  void read(long nanos, long count) {
    Reading last = readings.peekLast();
    if (last != null && last.count == count) {
      if (readings.size() > 1) {
        return; // reports come less often than readings; between them nothing is known
      }
      readings.clear(); // still at the start
    }
    readings.addLast(new Reading(nanos, count));
    while (readings.size() > 2 && nanos - readings.peekFirst().nanos > windowNanos) {
      readings.removeFirst();
    }
  }

  /** Counts per second between the first and the last reading of the window; 0 if not known. */
  double perSecond() {
    if (readings.size() < 2) {
      return 0;
    }
    Reading first = readings.peekFirst();
    Reading last = readings.peekLast();
    return (last.count - first.count) / ((last.nanos - first.nanos) / 1e9);
  }
}
