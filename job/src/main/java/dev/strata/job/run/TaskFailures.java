package dev.strata.job.run;

import dev.strata.udfs.api.StrataConf;
import dev.strata.udfs.api.StrataKeys;
import dev.strata.udfs.spark.ExecutorDeaths;
import java.io.IOException;
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
import org.apache.spark.scheduler.SparkListenerStageSubmitted;
import org.apache.spark.scheduler.SparkListenerTaskEnd;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import scala.jdk.javaapi.CollectionConverters;

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

  /** What is known of a partition's rows. */
  interface Partitions {

    /** Where nothing is known, what a death is about is not, either. */
    Partitions UNKNOWN =
        new Partitions() {
          @Override
          public boolean hadRows(String executor, int partition, int partitions) {
            return true;
          }

          @Override
          public long produced(int partition, int partitions) {
            return 0;
          }
        };

    /** Whether an executor's engine had rows of it when it died. */
    boolean hadRows(String executor, int partition, int partitions) throws IOException;

    /** Grows with what its rows produce. */
    long produced(int partition, int partitions) throws IOException;

    /**
     * When executors died whose engines had none of its rows, in words behind "lost its executor".
     */
    default String told() {
      return "before the engine had any of its rows";
    }
  }

  private static final Logger LOG = LoggerFactory.getLogger(TaskFailures.class);

  private final SparkContext context;
  private final LongSupplier progress;
  private final Partitions partitions;
  private final Map<Integer, Integer> sizes = new HashMap<>();
  private final Map<String, Integer> failures = new HashMap<>();
  private final Map<String, Losses> losses = new HashMap<>();
  private final Map<String, Losses> deaths = new HashMap<>();
  private SparkException last;

  TaskFailures(SparkContext context, LongSupplier progress, Partitions partitions) {
    this.context = context;
    this.progress = progress;
    this.partitions = partitions;
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
  static TaskFailures watch(SparkContext context, LongSupplier progress, Partitions partitions) {
    TaskFailures failures = new TaskFailures(context, progress, partitions);
    if (context.getConf().getInt(MOST, MOST_EXCEPTIONS) == MOST_DEATHS) {
      context.addSparkListener(failures);
    }
    return failures;
  }

  /** The same for one after another, of which nothing but their journals tells the progress. */
  static TaskFailures watch(SparkContext context, Partitions partitions) {
    return watch(context, () -> progress(partitions), partitions);
  }

  private static long progress(Partitions partitions) {
    try {
      return partitions.produced(0, 1);
    } catch (IOException e) {
      return 0; // then each loss may be the last
    }
  }

  @Override
  public synchronized void onStageSubmitted(SparkListenerStageSubmitted stage) {
    sizes.put(stage.stageInfo().stageId(), stage.stageInfo().numTasks());
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
      String reason = lost.reason().getOrElse(() -> "");
      if (ExecutorDeaths.isFault(reason)) {
        died(task, end, lost.execId(), reason);
      } else {
        taken(task, reason);
      }
    }
  }

  /** Of executors that were taken away each may be the last. */
  private void taken(String task, String reason) {
    if (count(losses, task, progress.getAsLong()) == MOST_EXCEPTIONS) {
      giveUp(
          "a task lost its executor %d times, and nothing was computed between: %s"
              .formatted(MOST_EXCEPTIONS, reason),
          null);
    }
  }

  /** A death that may be a row's is for the journal; one that came before any row is none. */
  private void died(String task, SparkListenerTaskEnd end, String executor, String reason) {
    int partition = end.taskInfo().partitionId();
    int size = Math.max(sizes.getOrDefault(end.stageId(), 0), partition + 1);
    try {
      if (!partitions.hadRows(executor, partition, size)
          && count(deaths, task, partitions.produced(partition, size)) == MOST_EXCEPTIONS) {
        giveUp(
            "a task lost its executor %d times %s, the last time executor %s (%s: %s); %s"
                .formatted(
                    MOST_EXCEPTIONS,
                    partitions.told(),
                    executor,
                    ExecutorDeaths.told(reason),
                    reason,
                    log(executor)),
            null);
      }
    } catch (IOException | RuntimeException e) { // then each may be a row's
      LOG.warn("nobody knows which rows executor {} had: {}", executor, e.getMessage(), e);
    }
  }

  private static int count(Map<String, Losses> losses, String task, long now) {
    Losses before = losses.getOrDefault(task, new Losses(0, now));
    Losses after = new Losses(now > before.progress() ? 1 : before.count() + 1, now);
    losses.put(task, after);
    return after.count();
  }

  /** Where a person finds what the executor said last. */
  private String log(String executor) {
    try {
      Map<String, String> logs =
          CollectionConverters.asJava(
              context.statusStore().executorSummary(executor).executorLogs());
      String stderr = logs.get("stderr");
      return stderr == null ? "look into its log" : "look into its log " + stderr;
    } catch (RuntimeException e) { // Spark has forgotten it
      return "look into its log";
    }
  }

  private void giveUp(String reason, Throwable cause) {
    last = new SparkException(reason, cause);
    context.cancelAllJobs();
  }

  /**
   * To be called where the run, or a statement, failed.
   *
   * @throws SparkException if a task failed too often, which is then the reason
   */
  synchronized void requireFew() throws SparkException {
    if (last != null) {
      SparkException reason = last;
      last = null;
      throw reason;
    }
  }

  @Override
  public void close() {
    context.removeSparkListener(this);
  }
}
