package dev.strata.job.report;

import dev.strata.udfs.page.Figures;
import java.util.ArrayList;
import java.util.List;

/** What a person should know of a run that came to its end, beside its errors. */
final class RunWarnings {

  private RunWarnings() {}

  /** A sentence for each. */
  static List<String> of(RunFigures figures) {
    List<String> warnings = new ArrayList<>();
    RunFigures.Rows rows = figures.rows();
    if (rows.undecoded() > 0) {
      warnings.add(Figures.undecoded(rows.undecoded(), ""));
    }
    if (figures.tokens().computedTwice() > 0) {
      warnings.add(
          Figures.count(figures.tokens().computedTwice())
              + " tokens were computed twice, since executors were lost with them");
    }
    if (rows.keptChanged() > 0) {
      warnings.add(
          Figures.count(rows.keptChanged())
              + " rows ask something else than when they were done, and stay as they are; only"
              + " --incremental runs such again");
    }
    if (rows.keptFailed() > 0) {
      warnings.add(Figures.count(rows.keptFailed()) + " rows that were there before have errors");
    }
    for (ExecutorFigures executor : figures.executors()) {
      addMemory(warnings, executor);
    }
    return warnings;
  }

  private static void addMemory(List<String> warnings, ExecutorFigures executor) {
    if (executor.hostBytes() > executor.hostBudget() && executor.hostBudget() > 0) {
      warnings.add(over(executor, "host memory", executor.hostBytes(), executor.hostBudget()));
    }
    if (executor.deviceBytes() > executor.deviceBudget() && executor.deviceBudget() > 0) {
      warnings.add(
          over(executor, "device memory", executor.deviceBytes(), executor.deviceBudget()));
    }
  }

  private static String over(ExecutorFigures executor, String what, long bytes, long budget) {
    return "executor %s held %s of %s, more than the %s that it was given"
        .formatted(
            executor.name(), Figures.bytes((double) bytes), what, Figures.bytes((double) budget));
  }
}
