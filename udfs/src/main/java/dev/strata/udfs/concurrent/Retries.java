package dev.strata.udfs.concurrent;

import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Predicate;

/**
 * Tries again what failed, with longer and longer pauses, until it has failed for so long that
 * nobody waits any more, or until that is ended. Any number of threads may be at it; an interrupt
 * does not end it.
 */
public final class Retries {

  private static final Duration FIRST_PAUSE = Duration.ofSeconds(1);
  private static final Duration LONGEST_PAUSE = Duration.ofSeconds(15);

  /** What may fail. */
  public interface Attempt<T> {
    T run() throws IOException;
  }

  /** Hears of each failure before the pause that follows it. */
  public interface Listener {
    void failed(IOException failure, Duration pause);
  }

  private final Duration patience;
  private final Predicate<IOException> mayPass;
  private final Listener listener;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition ending = lock.newCondition();
  private boolean ended;

  /**
   * @param patience from the first failure on
   * @param mayPass whether a failure is one that may be over later
   */
  public Retries(Duration patience, Predicate<IOException> mayPass, Listener listener) {
    this.patience = patience;
    this.mayPass = mayPass;
    this.listener = listener;
  }

  /**
   * The result of an attempt.
   *
   * @throws IOException the last failure
   */
  public <T> T run(Attempt<T> attempt) throws IOException {
    Duration pause = shorter(FIRST_PAUSE, patience.dividedBy(4));
    long firstFailure = 0;
    while (true) {
      try {
        return attempt.run();
      } catch (IOException e) {
        long now = System.nanoTime();
        firstFailure = firstFailure == 0 ? now : firstFailure;
        Duration failing = Duration.ofNanos(now - firstFailure).plus(pause);
        if (!mayPass.test(e) || failing.compareTo(patience) > 0) {
          throw e;
        }
        listener.failed(e, pause);
        if (isEndedWithin(pause)) {
          throw e;
        }
        pause = shorter(LONGEST_PAUSE, pause.multipliedBy(2));
      }
    }
  }

  private static Duration shorter(Duration one, Duration other) {
    return one.compareTo(other) < 0 ? one : other;
  }

  private boolean isEndedWithin(Duration pause) {
    boolean interrupted = false;
    lock.lock();
    try {
      long left = pause.toNanos();
      while (!ended && left > 0) {
        try {
          left = ending.awaitNanos(left);
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
      return ended;
    } finally {
      lock.unlock();
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  /** From now on a failure is the last. */
  public void end() {
    lock.lock();
    try {
      ended = true;
      ending.signalAll();
    } finally {
      lock.unlock();
    }
  }
}
