package dev.strata.job.run;

import dev.strata.udfs.api.StrataConf;
import dev.strata.udfs.api.StrataKeys;
import dev.strata.udfs.spark.ExecutorDeaths;
import java.time.temporal.ChronoUnit;
import java.util.HashMap;
import java.util.Map;
import java.util.function.LongSupplier;
import org.apache.spark.ExceptionFailure;
import org.apache.spark.ExecutorLostFailure;
import org.apache.spark.SparkConf;
import org.apache.spark.SparkContext;
import org.apache.spark.SparkException;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerTaskEnd;

/**
 * How often a task is tried. Where a journal finds the rows that end executors, that takes a death
 * for each halving of those that were there, and Spark must not give up before. A task that fails
 * by an exception is given up as early as ever.
 */
final class TaskFailures extends SparkListener implements AutoCloseable {

  private static final String MOST = "spark.task.maxFailures";
  private static final String MOST_EXECUTORS = "spark.executor.maxNumFailures";
  private static final String MOST_EXECUTORS_BEFORE = "spark.yarn.max.executor.failures";

  /** For half a dozen such rows in a partition, or two among ten thousand. */
  private static final int MOST_DEATHS = 64;

  /** Spark's own, of exceptions and of losses without progress. */
  private static final int MOST_EXCEPTIONS = 4;

  /** What a task computed before it failed: it may go on for as long as there is more each time. */
  private record Losses(int count, long progress) {}

  private final SparkContext context;
  private final LongSupplier progress;
  private final Map<String, Integer> failures = new HashMap<>();
  private final Map<String, Losses> losses = new HashMap<>();
  private SparkException last;

  TaskFailures(SparkContext context, LongSupplier progress) {
    this.context = context;
    this.progress = progress;
  }

  /** What Spark is told of it, unless the user has said it. */
  static Map<String, String> settings(Map<String, String> given) {
    Map<String, String> settings = new HashMap<>(given);
    if (isJournaled(StrataConf.of(given)) && !given.containsKey(MOST)) {
      settings.put(MOST, String.valueOf(MOST_DEATHS));
      if (!given.containsKey(MOST_EXECUTORS_BEFORE)) {
        settings.putIfAbsent(MOST_EXECUTORS, String.valueOf(mostExecutors(given)));
      }
    }
    return settings;
  }

  private static boolean isJournaled(StrataConf conf) {
    return !conf.get(StrataKeys.JOURNAL_INTERVAL).equals(ChronoUnit.FOREVER.getDuration());
  }

  /** Spark's own is twice as many as there are executors. */
  private static int mostExecutors(Map<String, String> given) {
    SparkConf conf = new SparkConf(false);
    given.forEach(conf::set);
    int executors =
        Math.max(
            conf.getInt("spark.executor.instances", 0),
            conf.getInt("spark.dynamicAllocation.maxExecutors", 0));
    return Math.max(MOST_DEATHS, (int) Math.min(Integer.MAX_VALUE, 2L * executors));
  }

  /**
   * Cancels the jobs whose tasks fail too often, until it is closed.
   *
   * @param progress grows with what is computed
   */
  static TaskFailures watch(SparkContext context, LongSupplier progress) {
    TaskFailures failures = new TaskFailures(context, progress);
    if (context.getConf().getInt(MOST, MOST_EXCEPTIONS) == MOST_DEATHS) {
      context.addSparkListener(failures);
    }
    return failures;
  }

  @Override
  public synchronized void onTaskEnd(SparkListenerTaskEnd end) {
    String task = end.stageId() + " " + end.taskInfo().index();
    if (end.reason() instanceof ExceptionFailure failure) {
      if (failures.merge(task, 1, Integer::sum) == MOST_EXCEPTIONS) {
        giveUp(
            "a task failed %d times, at last by %s"
                .formatted(MOST_EXCEPTIONS, failure.toErrorString()),
            failure.exception().getOrElse(() -> null));
      }
    } else if (end.reason() instanceof ExecutorLostFailure lost && lost.exitCausedByApp()) {
      lost(task, lost.reason().getOrElse(() -> ""));
    }
  }

  /** A death that may be a row's is for the journal, and of others each may be the last. */
  private void lost(String task, String reason) {
    if (ExecutorDeaths.isFault(reason)) {
      return;
    }
    long now = progress.getAsLong();
    Losses before = losses.getOrDefault(task, new Losses(0, now));
    Losses after = new Losses(now > before.progress() ? 1 : before.count() + 1, now);
    losses.put(task, after);
    if (after.count() == MOST_EXCEPTIONS) {
      giveUp(
          "a task lost its executor %d times, and nothing was computed between: %s"
              .formatted(MOST_EXCEPTIONS, reason),
          null);
    }
  }

  private void giveUp(String reason, Throwable cause) {
    last = new SparkException(reason, cause);
    context.cancelAllJobs();
  }

  /**
   * To be called where the run failed.
   *
   * @throws SparkException if a task failed too often, which is then the reason
   */
  synchronized void requireFew() throws SparkException {
    if (last != null) {
      throw last;
    }
  }

  @Override
  public void close() {
    context.removeSparkListener(this);
  }
}
