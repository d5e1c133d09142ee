package dev.strata.udfs.spark;

import dev.strata.udfs.journal.Attempt;
import dev.strata.udfs.journal.DeathNote;
import java.io.IOException;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.SparkContext;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerExecutorRemoved;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Notes in a run's journal how executors end, until it is closed. */
public final class ExecutorDeaths extends SparkListener implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(ExecutorDeaths.class);

  /** Those that are not closed. */
  private static final Set<ExecutorDeaths> OPEN = ConcurrentHashMap.newKeySet();

  private final SparkContext context;
  private final Configuration hadoop;
  private final RunJournal journal;
  private final AtomicInteger faults = new AtomicInteger();

  private ExecutorDeaths(SparkContext context, RunJournal journal) {
    this.context = context;
    this.hadoop = context.hadoopConfiguration();
    this.journal = journal;
  }

  static ExecutorDeaths watch(SparkContext context, RunJournal journal) {
    ExecutorDeaths deaths = new ExecutorDeaths(context, journal);
    OPEN.removeIf(other -> other.context.isStopped());
    OPEN.add(deaths);
    context.addSparkListener(deaths);
    return deaths;
  }

  /** The journals in which an application's deaths are noted now. */
  public static List<RunJournal> journals(SparkContext context) {
    return OPEN.stream().filter(open -> open.context == context).map(o -> o.journal).toList();
  }

  /**
   * Whether one of an executor's rows may be to blame for its end, or it was taken away.
   *
   * @param reason Spark's words for it
   */
  public static boolean isFault(String reason) {
    return ExecutorEnd.of(reason).isFault();
  }

  /**
   * How an executor ended, for people.
   *
   * @param reason Spark's words for it
   */
  public static String told(String reason) {
    return ExecutorEnd.told(ExecutorEnd.of(reason).code());
  }

  /** How many executors ended for which a row may be to blame. */
  public int faults() {
    return faults.get();
  }

  @Override
  public void onExecutorRemoved(SparkListenerExecutorRemoved removed) {
    String reason = String.valueOf(removed.reason());
    ExecutorEnd end = ExecutorEnd.of(reason);
    String application = context.applicationId();
    String jvm = Attempt.jvm(application, removed.executorId());
    if (end.isFault()) {
      faults.incrementAndGet();
    }
    try {
      new DeathNote(jvm, end.isFault(), end.code())
          .write(
              hadoop,
              journal.location(),
              "executor %s of %s: %s%n".formatted(removed.executorId(), application, reason));
    } catch (IOException | RuntimeException e) {
      LOG.warn(
          "{} cannot take down how executor {} ended ({}): {}",
          journal.location(),
          removed.executorId(),
          reason,
          e.getMessage(),
          e);
    }
  }

  @Override
  public void close() {
    OPEN.remove(this);
    context.removeSparkListener(this);
  }
}
