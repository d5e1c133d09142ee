package dev.strata.job.progress;

import dev.strata.job.report.RunCourse;
import dev.strata.udfs.api.EngineSnapshot;
import dev.strata.udfs.spark.EngineStats;
import dev.strata.udfs.spark.RunProgress;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.spark.scheduler.AccumulableInfo;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerExecutorMetricsUpdate;
import org.apache.spark.scheduler.SparkListenerExecutorRemoved;
import org.apache.spark.scheduler.SparkListenerStageCompleted;
import org.apache.spark.scheduler.SparkListenerTaskEnd;
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
  private final Map<String, String> executors = new ConcurrentHashMap<>();
  private final Set<String> goneExecutors = ConcurrentHashMap.newKeySet();
  private final Map<Integer, Map<Integer, Long>> shuffled = new ConcurrentHashMap<>();
  private final TokenSeries series = new TokenSeries(System.nanoTime());

  public ProgressListener(EngineStats stats) {
    this.stats = stats;
  }

  /** The latest of what tasks reported, those of executors that were lost included. */
  public RunProgress progress() {
    return stats.value().merge(heard).ended(this::isGone);
  }

  private boolean isGone(String engine) {
    String executor = executors.get(engine);
    return executor != null && goneExecutors.contains(executor);
  }

  /** How many engines are there. */
  public int engines() {
    return (int) progress().engines().keySet().stream().filter(name -> !isGone(name)).count();
  }

  /** How the run came to what it has done. */
  public RunCourse course() {
    return new RunCourse(series.rates(), executors);
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
        .forEach(
            task ->
                CollectionConverters.asJava(task._4())
                    .forEach(report -> hear(heartbeat.execId(), report)));
  }

  @Override
  public void onExecutorRemoved(SparkListenerExecutorRemoved removed) {
    goneExecutors.add(removed.executorId());
  }

  /** A task that runs again, since what it had shuffled was lost, replaces what it wrote before. */
  @Override
  public void onTaskEnd(SparkListenerTaskEnd task) {
    CollectionConverters.asJava(task.taskInfo().accumulables())
        .forEach(report -> hear(task.taskInfo().executorId(), report));
    if (task.taskMetrics() != null && task.taskInfo().successful()) {
      long rows = task.taskMetrics().shuffleWriteMetrics().recordsWritten();
      if (rows > 0) {
        shuffled
            .computeIfAbsent(task.stageId(), stage -> new ConcurrentHashMap<>())
            .put(task.taskInfo().partitionId(), rows);
      }
    }
  }

  /** The last shuffle before the partition function deals out exactly the rows of the run. */
  @Override
  public void onStageCompleted(SparkListenerStageCompleted stage) {
    Map<Integer, Long> rows = shuffled.get(stage.stageInfo().stageId());
    if (rows != null && stage.stageInfo().failureReason().isEmpty()) {
      shuffledRows = rows.values().stream().mapToLong(Long::longValue).sum();
    }
  }

  private void hear(String executor, AccumulableInfo report) {
    if (report.id() == stats.id() && report.update().isDefined()) {
      if (report.update().get() instanceof RunProgress progress) {
        heard = heard.merge(progress);
        progress.engines().keySet().forEach(engine -> executors.put(engine, executor));
        series.read(
            System.nanoTime(),
            heard.sum(EngineSnapshot::newTokens),
            heard.sum(EngineSnapshot::promptTokens));
      }
    }
  }
}
