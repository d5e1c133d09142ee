package dev.strata.udfs.spark;

import dev.strata.udfs.api.EngineSnapshot;
import java.io.Serializable;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Predicate;
import java.util.function.ToLongFunction;

/**
 * How far a run is, as far as somebody knows. Merging is idempotent, in any order: of each engine
 * the latest snapshot counts, of each partition the attempt that got furthest. So a report that
 * comes twice, or from a task that is tried again, is not counted twice.
 *
 * @param engines the snapshots by the engine's name
 * @param partitions the rows by the partition's number
 */
public record RunProgress(Map<String, EngineSnapshot> engines, Map<Integer, RowCounts> partitions)
    implements Serializable {

  /** Nothing is known. */
  public static final RunProgress NONE = new RunProgress(Map.of(), Map.of());

  public RunProgress {
    engines = Map.copyOf(engines);
    partitions = Map.copyOf(partitions);
  }

  static RunProgress of(EngineSnapshot engine) {
    return new RunProgress(Map.of(engine.engine(), engine), Map.of());
  }

  static RunProgress of(int partition, RowCounts rows) {
    return new RunProgress(Map.of(), Map.of(partition, rows));
  }

  /** What is known by either. */
  public RunProgress merge(RunProgress other) {
    Map<String, EngineSnapshot> allEngines = new HashMap<>(engines);
    other.engines.forEach((name, engine) -> allEngines.merge(name, engine, RunProgress::later));
    Map<Integer, RowCounts> allPartitions = new HashMap<>(partitions);
    other.partitions.forEach(
        (number, rows) -> allPartitions.merge(number, rows, RunProgress::more));
    return new RunProgress(allEngines, allPartitions);
  }

  /** The same without what engines do at the moment that are gone; what they did counts. */
  public RunProgress ended(Predicate<String> isGone) {
    Map<String, EngineSnapshot> all = new HashMap<>(engines);
    all.replaceAll((name, engine) -> isGone.test(name) ? engine.ended() : engine);
    return new RunProgress(all, partitions);
  }

  /** The rows of all partitions. */
  public RowCounts rows() {
    return partitions.values().stream().reduce(RowCounts.NONE, RowCounts::plus);
  }

  /** The sum of a figure over all engines. */
  public long sum(ToLongFunction<EngineSnapshot> figure) {
    return engines.values().stream().mapToLong(figure).sum();
  }

  /** That which was taken later. */
  public static EngineSnapshot later(EngineSnapshot a, EngineSnapshot b) {
    return a.sequence() >= b.sequence() ? a : b;
  }

  /** Those of the attempt that got further. */
  public static RowCounts more(RowCounts a, RowCounts b) {
    return a.done() >= b.done() ? a : b;
  }

  /** For the Spark UI's list of accumulators. */
  @Override
  public String toString() {
    RowCounts rows = rows();
    return "%,d rows (%,d errors), %,d new tokens, %,d sweeps"
        .formatted(
            rows.done(),
            rows.errors(),
            sum(EngineSnapshot::newTokens),
            sum(EngineSnapshot::sweeps));
  }
}
