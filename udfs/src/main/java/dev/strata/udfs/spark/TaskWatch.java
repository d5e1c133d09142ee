package dev.strata.udfs.spark;

import dev.strata.udfs.concurrent.Daemons;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import org.apache.spark.TaskContext;

/**
 * Looks after a task while its thread waits for the engine, which may be for many minutes: reports
 * how far it is, and wakes the thread if Spark wants the task to end (Spark itself interrupts only
 * where it is told to).
 */
final class TaskWatch implements AutoCloseable {

  private static final long PERIOD_MILLIS = 500;

  private static final ScheduledExecutorService TIMER =
      Executors.newSingleThreadScheduledExecutor(Daemons.named("strata-task-watch"));

  private final TaskContext context;
  private final Thread taskThread;
  private final Runnable report;
  private final ScheduledFuture<?> ticks;
  private boolean closed;

  /** Watches the task of the calling thread. */
  TaskWatch(TaskContext context, Runnable report) {
    this.context = context;
    this.taskThread = Thread.currentThread();
    this.report = report;
    this.ticks =
        TIMER.scheduleWithFixedDelay(
            this::tick, PERIOD_MILLIS, PERIOD_MILLIS, TimeUnit.MILLISECONDS);
  }

  private synchronized void tick() {
    if (closed) {
      return;
    }
    report.run();
    if (context.isInterrupted()) {
      taskThread.interrupt();
    }
  }

  /** After this the thread is left in peace. */
  @Override
  public synchronized void close() {
    closed = true;
    ticks.cancel(false);
  }
}
