package dev.strata.job.progress;

import dev.strata.udfs.api.EngineSnapshot;
import dev.strata.udfs.page.Figures;
import dev.strata.udfs.spark.RowCounts;
import dev.strata.udfs.spark.RunProgress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/** One line about a run: sweep, layer, rows, speed, time to go. */
final class ProgressLine {

  static final String GAP = " · ";

  private ProgressLine() {}

  /**
   * The line, with the parts that matter less left out until it fits.
   *
   * @param live how many of the engines are still there
   * @param total the rows of the run, if known
   * @param tokensPerSecond new tokens of late
   * @param timeToGo a guess, if there is one
   */
  static String render(
      RunProgress progress,
      int live,
      OptionalLong total,
      double tokensPerSecond,
      Optional<Duration> timeToGo,
      int width) {
    RowCounts rows = progress.rows();
    List<String> parts = new ArrayList<>();
    parts.add(rows(rows, total));
    parts.add(timeToGo.map(time -> Figures.time(time) + " to go").orElse(""));
    parts.add(speed(tokensPerSecond));
    parts.add(memory(progress));
    parts.addAll(engines(progress, live));
    parts.removeIf(String::isEmpty);
    while (parts.size() > 1 && length(parts) > width) {
      parts.remove(parts.size() - 1);
    }
    return String.join(GAP, parts);
  }

  private static int length(List<String> parts) {
    return String.join(GAP, parts).length();
  }

  private static String rows(RowCounts rows, OptionalLong total) {
    String done =
        total.isPresent()
            ? "%s of %s rows"
                .formatted(Figures.count(rows.done()), Figures.count(total.getAsLong()))
            : Figures.count(rows.done()) + " rows";
    return rows.errors() == 0
        ? done
        : "%s (%s failed)".formatted(done, Figures.count(rows.errors()));
  }

  private static String speed(double tokensPerSecond) {
    return tokensPerSecond == 0 ? "" : Figures.rate(tokensPerSecond) + " tok/s";
  }

  private static List<String> engines(RunProgress progress, int live) {
    if (progress.engines().isEmpty()) {
      return List.of("starting");
    }
    String wave =
        "%s active, %s waiting"
            .formatted(
                Figures.count(progress.sum(EngineSnapshot::activeRows)),
                Figures.count(progress.sum(EngineSnapshot::waitingRows)));
    if (progress.engines().size() > 1) {
      return List.of(
          wave,
          (live == 1 ? "1 engine" : live + " engines")
              + ", sweep %s together"
                  .formatted(Figures.count(progress.sum(EngineSnapshot::sweeps))));
    }
    EngineSnapshot engine = progress.engines().values().iterator().next();
    return List.of(wave, "sweep " + Figures.count(engine.sweeps() + 1), "layer " + layer(engine));
  }

  /** How far pinning is, which holds up the first sweep; nothing where all memory is there. */
  private static String memory(RunProgress progress) {
    long there = progress.sum(EngineSnapshot::hostBytesThere);
    long ahead = progress.sum(EngineSnapshot::hostBytesAhead);
    return there == ahead ? "" : "host memory %d of %d MiB".formatted(there >> 20, ahead >> 20);
  }

  /** Counted from one for people; the head comes after the last layer. */
  private static String layer(EngineSnapshot engine) {
    return "%d/%d".formatted(Math.min(engine.layer() + 1, engine.layers()), engine.layers());
  }
}
