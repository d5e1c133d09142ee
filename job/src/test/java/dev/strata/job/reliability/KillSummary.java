package dev.strata.job.reliability;

import java.util.List;
import java.util.Locale;
import java.util.function.ToDoubleFunction;

/** What became of many runs with kills. */
record KillSummary(List<KillFigures> runs) {

  /** Some lines, as udfs/RELIABILITY.md has them. */
  String text() {
    double kills = sum(KillFigures::kills);
    return String.format(
        Locale.ROOT,
        """
        runs                              %d, all rows there and equal (%.0f excepted)
        kills                             %.0f executors, %.0f drivers
        tokens generated                  %.0f, %.0f of them again: %.2f %%
        generated again, for each kill    %.1f tokens in the mean
        oldest of them before its end     %.2f s at worst, %.2f s in the mean of runs
        two intervals and a sweep         %.2f s
        time                              %.1f s a run in the mean
        """,
        runs.size(),
        sum(KillFigures::excepted),
        sum(KillFigures::executors),
        sum(KillFigures::drivers),
        sum(KillFigures::tokens),
        sum(KillFigures::twice),
        100 * sum(KillFigures::twice) / sum(KillFigures::tokens),
        sum(KillFigures::twice) / kills,
        runs.stream().mapToDouble(KillFigures::longestSeconds).max().orElse(0),
        sum(KillFigures::longestSeconds) / runs.size(),
        (2 * Work.INTERVAL_MILLIS + Work.SWEEP_MILLIS) / 1e3,
        sum(KillFigures::seconds) / runs.size());
  }

  private double sum(ToDoubleFunction<KillFigures> figure) {
    return runs.stream().mapToDouble(figure).sum();
  }
}
