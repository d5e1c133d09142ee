package dev.strata.udfs.live;

import dev.strata.udfs.api.EngineSnapshot;
import dev.strata.udfs.spark.RunProgress;

/** An engine that works for a run, as far as somebody told of it. */
final class EngineTrack {

  private final String executor;
  private final Pace pace = new Pace();
  private EngineSnapshot latest;

  EngineTrack(String executor, EngineSnapshot first) {
    this.executor = executor;
    this.latest = first;
  }

  String executor() {
    return executor;
  }

  EngineSnapshot latest() {
    return latest;
  }

  Pace pace() {
    return pace;
  }

  /**
   * Takes note of a report, unless a later one was heard before.
   *
   * @param isRead whether nothing is generated, so that tokens of prompts count
   */
  void hear(EngineSnapshot report, boolean isRead, long nanos) {
    latest = RunProgress.later(latest, report);
    pace.read(nanos, isRead ? latest.promptTokens() : latest.newTokens(), latest.times());
  }
}
