package dev.strata.job.run;

import dev.strata.job.report.RunReport;
import java.util.Optional;

/**
 * How a run ended that came to its end.
 *
 * @param report what it did; empty where it left the output as it was
 * @param text for a person
 */
record Outcome(Optional<RunReport> report, String text) {

  static Outcome of(RunReport report) {
    return new Outcome(Optional.of(report), report.text());
  }

  static Outcome nothing(String text) {
    return new Outcome(Optional.empty(), text);
  }
}
