package dev.strata.udfs.live;

import dev.strata.udfs.api.EngineSnapshot;
import dev.strata.udfs.api.SweepTimes;
import dev.strata.udfs.spark.RowCounts;
import dev.strata.udfs.spark.RunProgress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.Predicate;

/**
 * What the driver knows of a run, from whoever tells it. Reports may come twice, in any order, or
 * not at all. Not for several threads at once.
 */
final class RunTracker {

  private final long run;
  private final long started;
  private final TimeToGo timeToGo;
  private final Map<String, EngineTrack> engines = new LinkedHashMap<>();
  private final Map<Integer, RowCounts> partitions = new HashMap<>();
  private final Set<Integer> stages = new HashSet<>();
  private OptionalLong expectedRows = OptionalLong.empty();
  private RunState state = RunState.RUNNING;
  private long ended;

  /**
   * @param millis since 1970
   * @param nanos as {@link System#nanoTime} has it
   */
  RunTracker(long run, long millis, long nanos) {
    this.run = run;
    this.started = millis;
    this.timeToGo = new TimeToGo(nanos);
  }

  /** Takes note of what a task of a stage reports. A stage that is new goes on with a run. */
  void hear(String executor, int stage, RunProgress progress, long nanos) {
    if (stages.add(stage)) {
      state = RunState.RUNNING;
    }
    progress.partitions().forEach((id, rows) -> partitions.merge(id, rows, RunProgress::more));
    boolean isRead = tokens() == 0 && progress.sum(EngineSnapshot::newTokens) == 0;
    progress
        .engines()
        .forEach(
            (name, report) ->
                engines
                    .computeIfAbsent(name, first -> new EngineTrack(executor, report))
                    .hear(report, isRead, nanos));
    timeToGo.read(nanos, !engines.isEmpty(), rows().done());
  }

  private long tokens() {
    return engines.values().stream().mapToLong(engine -> engine.latest().newTokens()).sum();
  }

  /** How many rows the run has. */
  void expect(long rows) {
    expectedRows = OptionalLong.of(rows);
  }

  Set<Integer> stages() {
    return stages;
  }

  boolean isRunning() {
    return state == RunState.RUNNING;
  }

  /** A job that ran its stages has ended. */
  void end(boolean isWell, long millis) {
    state = isWell ? RunState.DONE : RunState.FAILED;
    ended = millis;
  }

  private RowCounts rows() {
    return partitions.values().stream().reduce(RowCounts.NONE, RowCounts::plus);
  }

  /**
   * What there is to be shown.
   *
   * @param isGone whether an executor is lost
   */
  RunFigures figures(Predicate<String> isGone, long millis, long nanos) {
    RowCounts rows = rows();
    List<EngineFigures> shown = new ArrayList<>();
    for (EngineTrack engine : engines.values()) {
      boolean gone = isGone.test(engine.executor());
      EngineSnapshot latest = engine.latest();
      boolean works = !gone && isRunning();
      EngineFigures now =
          EngineFigures.of(engine.executor(), works ? latest : latest.ended(), gone, engine.pace());
      shown.add(isRunning() ? now : now.onAverage());
    }
    shown.sort(Comparator.comparing(EngineFigures::executor, RunTracker::byNumber));
    long toGo =
        isRunning() ? timeToGo.guess(nanos, expectedRows).map(Duration::toMillis).orElse(-1L) : -1;
    return new RunFigures(
        run,
        engines.values().stream().map(each -> each.latest().model()).distinct().sorted().toList(),
        state,
        started,
        isRunning() ? millis : ended,
        expectedRows.orElse(-1),
        toGo,
        work(rows, shown),
        ErrorKinds.of(rows.reasons()),
        shown);
  }

  /** Numbers by their size; whatever else there is behind them. */
  private static int byNumber(String a, String b) {
    return a.length() == b.length() ? a.compareTo(b) : Integer.compare(a.length(), b.length());
  }

  private WorkFigures work(RowCounts rows, List<EngineFigures> shown) {
    SweepTimes times =
        shown.stream().map(EngineFigures::times).reduce(SweepTimes.NONE, SweepTimes::plus);
    return new WorkFigures(
        rows.done(),
        rows.errors(),
        shown.stream().mapToLong(EngineFigures::promptTokens).sum(),
        shown.stream().mapToLong(EngineFigures::newTokens).sum(),
        engines.values().stream().mapToLong(engine -> engine.latest().sweeps()).sum(),
        shown.stream().mapToLong(EngineFigures::readBytes).sum(),
        times,
        shown.stream().mapToDouble(EngineFigures::tokensPerSecond).sum(),
        shown.stream().mapToDouble(EngineFigures::limitPerSecond).sum());
  }
}
