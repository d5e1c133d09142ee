package dev.strata.job.progress;

import dev.strata.udfs.spark.EngineStats;
import dev.strata.udfs.spark.RunProgress;
import java.util.OptionalLong;
import org.apache.spark.scheduler.AccumulableInfo;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerExecutorMetricsUpdate;
import org.apache.spark.scheduler.SparkListenerStageCompleted;
import scala.jdk.javaapi.CollectionConverters;

/**
 * Knows how far a run is: from finished tasks through the accumulator, from running ones through
 * executors' heartbeats.
 */
public final class ProgressListener extends SparkListener {

  private final EngineStats stats;
  private volatile RunProgress heard = RunProgress.NONE;
  private volatile long expectedRows = -1;
  private volatile long shuffledRows = -1;

  public ProgressListener(EngineStats stats) {
    this.stats = stats;
  }

  /** The latest of what tasks reported. */
  public RunProgress progress() {
    return stats.value().merge(heard);
  }

  /** Where the rows have been counted before, shuffles do not tell their number. */
  public void expect(long rows) {
    expectedRows = rows;
  }

  /** The rows of the run, once they have been counted or dealt to its partitions. */
  public OptionalLong totalRows() {
    long rows = expectedRows < 0 ? shuffledRows : expectedRows;
    return rows < 0 ? OptionalLong.empty() : OptionalLong.of(rows);
  }

  @Override
  public void onExecutorMetricsUpdate(SparkListenerExecutorMetricsUpdate heartbeat) {
    CollectionConverters.asJava(heartbeat.accumUpdates())
        .forEach(task -> CollectionConverters.asJava(task._4()).forEach(this::hear));
  }

  /** The last shuffle before the partition function deals out exactly the rows of the run. */
  @Override
  public void onStageCompleted(SparkListenerStageCompleted stage) {
    long rows = stage.stageInfo().taskMetrics().shuffleWriteMetrics().recordsWritten();
    if (rows > 0) {
      shuffledRows = rows;
    }
  }

  private void hear(AccumulableInfo report) {
    if (report.id() == stats.id() && report.update().isDefined()) {
      if (report.update().get() instanceof RunProgress progress) {
        heard = heard.merge(progress);
      }
    }
  }
}
