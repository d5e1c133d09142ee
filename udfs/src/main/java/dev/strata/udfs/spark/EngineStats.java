package dev.strata.udfs.spark;

import org.apache.spark.sql.SparkSession;
import org.apache.spark.util.AccumulatorV2;

/**
 * Brings {@link RunProgress} from tasks to the driver: with executors' heartbeats while tasks run
 * (a listener sees them), and for good when they end.
 *
 * <p>The heartbeat's thread reads what the task's thread writes, so the value is immutable and
 * replaced as a whole.
 */
public final class EngineStats extends AccumulatorV2<RunProgress, RunProgress> {

  private static final long serialVersionUID = 1L;

  private volatile RunProgress progress = RunProgress.NONE;

  /** Makes an accumulator that the session's application knows. */
  public static EngineStats register(SparkSession session) {
    EngineStats stats = new EngineStats();
    session.sparkContext().register(stats, "strata");
    return stats;
  }

  @Override
  public boolean isZero() {
    return progress.equals(RunProgress.NONE);
  }

  @Override
  public EngineStats copy() {
    EngineStats copy = new EngineStats();
    copy.progress = progress;
    return copy;
  }

  @Override
  public void reset() {
    progress = RunProgress.NONE;
  }

  @Override
  public synchronized void add(RunProgress more) {
    progress = progress.merge(more);
  }

  @Override
  public void merge(AccumulatorV2<RunProgress, RunProgress> other) {
    add(other.value());
  }

  @Override
  public RunProgress value() {
    return progress;
  }
}
