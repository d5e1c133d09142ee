package dev.strata.udfs.engine;

import dev.strata.udfs.concurrent.Activity;
import dev.strata.udfs.concurrent.Daemons;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;

/**
 * Looks, on a thread of its own, whether work stands still: for so long nothing got done, though
 * there was something to do. A machine that itself stood still meanwhile does not count.
 */
public final class StallWatch implements AutoCloseable {

  /** What is longer is for ever. */
  private static final Duration NEVER = Duration.ofDays(36_500);

  private static final int LOOKS = 20;
  private static final long LONGEST_PERIOD_NANOS = TimeUnit.SECONDS.toNanos(5);

  private final Activity activity;
  private final LongSupplier more;
  private final Runnable stalled;
  private final CountDownLatch closed = new CountDownLatch(1);

  /**
   * Begins to look.
   *
   * @param more grows with what gets done that the activity does not know of
   * @param stalled called once, on the watch's thread
   */
  public StallWatch(Duration timeout, Activity activity, LongSupplier more, Runnable stalled) {
    this.activity = activity;
    this.more = more;
    this.stalled = stalled;
    if (timeout.compareTo(NEVER) < 0) {
      Daemons.thread("strata-watchdog", () -> watch(timeout.toNanos())).start();
    }
  }

  private void watch(long timeout) {
    long period = Math.max(1, Math.min(LONGEST_PERIOD_NANOS, timeout / LOOKS));
    long still = 0;
    long seen = done();
    long before = System.nanoTime();
    while (!isClosedWithin(period)) {
      long now = System.nanoTime();
      long done = done();
      boolean stands = done == seen && !activity.isResting();
      still = stands ? still + Math.min(now - before, 2 * period) : 0;
      seen = done;
      before = now;
      if (still >= timeout) {
        stalled.run();
        return;
      }
    }
  }

  private long done() {
    return activity.done() + more.getAsLong();
  }

  private boolean isClosedWithin(long nanos) {
    try {
      return closed.await(nanos, TimeUnit.NANOSECONDS);
    } catch (InterruptedException e) {
      return true; // nobody does that
    }
  }

  /** Looks no more. */
  @Override
  public void close() {
    closed.countDown();
  }
}
