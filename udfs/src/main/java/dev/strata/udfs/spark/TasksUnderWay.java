package dev.strata.udfs.spark;

import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.spark.TaskContext;

/** What the tasks of this JVM say of their runs as long as they are under way. */
public final class TasksUnderWay {

  /**
   * What is known of a run from one task.
   *
   * @param run the number of the run's accumulator
   * @param stage the stage that the task belongs to
   */
  public record Report(long run, int stage, RunProgress progress) {}

  /** By the accumulators that tasks add to, of which each task has its own. */
  private static final Map<EngineStats, Integer> STAGES = new ConcurrentHashMap<>();

  private TasksUnderWay() {}

  /** A task begins to report, and does so until it ends. */
  static void begin(TaskContext context, EngineStats stats) {
    STAGES.put(stats, context.stageId());
    PartitionTask.whenEnded(context, () -> STAGES.remove(stats));
  }

  /** What they reported last, of each run at least once. */
  public static List<Report> reports() {
    return STAGES.entrySet().stream()
        .map(entry -> new Report(entry.getKey().id(), entry.getValue(), entry.getKey().value()))
        .filter(report -> !report.progress().equals(RunProgress.NONE))
        .toList();
  }
}
