package dev.strata.udfs.live;

import com.fasterxml.jackson.annotation.JsonIgnore;
import java.util.HashMap;
import java.util.Map;
import org.apache.spark.util.kvstore.KVIndex;

/**
 * A run as the tab shows it, in the store of Spark's UI.
 *
 * @param speed tokens per second of the run in the course of time
 * @param engineSpeeds the same of each engine, by its name
 */
record RunView(RunFigures figures, Series speed, Map<String, Series> engineSpeeds) {

  /** Of a run that is heard of for the first time. */
  static RunView of(RunFigures figures) {
    return new RunView(figures, Series.NONE, Map.of()).next(figures);
  }

  /** What the store knows it by. */
  @KVIndex
  @JsonIgnore
  long id() {
    return figures.run();
  }

  /** The same run some time later. Where it has ended, it is slow no more. */
  RunView next(RunFigures later) {
    if (later.state() != RunState.RUNNING) {
      return new RunView(later, speed, engineSpeeds);
    }
    Map<String, Series> speeds = new HashMap<>();
    for (EngineFigures engine : later.engines()) {
      Series before = engineSpeeds.getOrDefault(engine.engine(), Series.NONE);
      speeds.put(engine.engine(), before.with(later.seen(), engine.tokensPerSecond()));
    }
    return new RunView(
        later, speed.with(later.seen(), later.work().tokensPerSecond()), Map.copyOf(speeds));
  }
}
