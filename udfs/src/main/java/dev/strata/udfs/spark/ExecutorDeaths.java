package dev.strata.udfs.spark;

import dev.strata.udfs.journal.Attempt;
import dev.strata.udfs.journal.DeathNote;
import java.io.IOException;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.SparkContext;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerExecutorRemoved;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Notes in a run's journal how executors end, until it is closed. */
public final class ExecutorDeaths extends SparkListener implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(ExecutorDeaths.class);

  private final SparkContext context;
  private final Configuration hadoop;
  private final String location;

  ExecutorDeaths(SparkContext context, Configuration hadoop, String location) {
    this.context = context;
    this.hadoop = hadoop;
    this.location = location;
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

  @Override
  public void onExecutorRemoved(SparkListenerExecutorRemoved removed) {
    String reason = String.valueOf(removed.reason());
    ExecutorEnd end = ExecutorEnd.of(reason);
    String application = context.applicationId();
    String jvm = Attempt.jvm(application, removed.executorId());
    try {
      new DeathNote(jvm, end.isFault(), end.code())
          .write(
              hadoop,
              location,
              "executor %s of %s: %s%n".formatted(removed.executorId(), application, reason));
    } catch (IOException | RuntimeException e) {
      LOG.warn(
          "{} cannot take down how executor {} ended ({}): {}",
          location,
          removed.executorId(),
          reason,
          e.getMessage(),
          e);
    }
  }

  @Override
  public void close() {
    context.removeSparkListener(this);
  }
}
