package dev.strata.udfs.concurrent;

import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;

/**
 * Waits to the end for work on other threads, whatever happens to the waiting one: a thread that is
 * interrupted meanwhile is so when the wait is over.
 */
public final class Uninterrupted {

  /** A wait that an interrupt ends too early. */
  private interface Wait<T, X extends Exception> {
    T attempt() throws InterruptedException, X;
  }

  private Uninterrupted() {}

  /**
   * The result of work.
   *
   * @throws IOException if the work threw it; whatever else it threw is the cause of one
   */
  public static <T> T get(Future<T> work) throws IOException {
    try {
      return await(work::get);
    } catch (ExecutionException e) {
      throw e.getCause() instanceof IOException io ? io : new IOException(e.getCause());
    }
  }

  /** What work threw, or null, when it has ended. */
  public static Throwable failureOf(Future<?> work) {
    try {
      await(work::get);
      return null;
    } catch (ExecutionException e) {
      return e.getCause();
    }
  }

  /** Returns when a thread has ended; at once if it was never started. */
  public static void join(Thread thread) {
    await(
        () -> {
          thread.join();
          return null;
        });
  }

  /** Returns when a thread has ended, or after a time that an interrupt begins anew. */
  public static void join(Thread thread, Duration atMost) {
    await(
        () -> {
          thread.join(atMost.toMillis());
          return null;
        });
  }

  /** Lets threads take no more work, and returns when all that they have is done. */
  public static void finish(ExecutorService threads) {
    threads.shutdown();
    await(() -> threads.awaitTermination(Long.MAX_VALUE, TimeUnit.NANOSECONDS));
  }

  private static <T, X extends Exception> T await(Wait<T, X> wait) throws X {
    boolean interrupted = false;
    try {
      while (true) {
        try {
          return wait.attempt();
        } catch (InterruptedException e) {
          interrupted = true;
        }
      }
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }
}
