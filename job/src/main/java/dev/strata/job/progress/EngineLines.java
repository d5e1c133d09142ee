package dev.strata.job.progress;

import dev.strata.udfs.api.EngineSnapshot;
import dev.strata.udfs.page.Figures;
import dev.strata.udfs.spark.RunProgress;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** A line about each engine of a run, where they are few: its sweep, with a bar of its layers. */
final class EngineLines {

  private static final int FEW = 4;
  private static final int BAR = 12;

  private EngineLines() {}

  /**
   * The lines; none for a single engine, of which the run's line says all, nor for many.
   *
   * @param executors the executors' numbers by their engines' names
   */
  static List<String> render(RunProgress progress, Map<String, String> executors, int width) {
    List<EngineSnapshot> working =
        progress.engines().values().stream().filter(engine -> engine.activeRows() > 0).toList();
    return working.size() < 2 || working.size() > FEW
        ? List.of()
        : working.stream()
            .sorted(Comparator.comparing(engine -> name(engine, executors)))
            .map(engine -> line(name(engine, executors), engine, width))
            .toList();
  }

  private static String name(EngineSnapshot engine, Map<String, String> executors) {
    return executors.getOrDefault(engine.engine(), "?");
  }

  private static String line(String executor, EngineSnapshot engine, int width) {
    int layer = Math.min(engine.layer() + 1, engine.layers());
    String whole =
        Stream.of(
                "  executor %s: %s layer %d/%d"
                    .formatted(
                        executor,
                        ProgressBar.of((double) engine.layer() / engine.layers(), BAR),
                        layer,
                        engine.layers()),
                "sweep " + Figures.count(engine.sweeps() + 1),
                "%s active, %s waiting"
                    .formatted(
                        Figures.count(engine.activeRows()), Figures.count(engine.waitingRows())),
                Figures.count(engine.newTokens()) + " tokens")
            .reduce((line, part) -> fits(line, part, width) ? line + ProgressLine.GAP + part : line)
            .orElseThrow();
    return whole.length() <= width ? whole : whole.substring(0, width);
  }

  private static boolean fits(String line, String part, int width) {
    return line.length() + ProgressLine.GAP.length() + part.length() <= width;
  }
}
