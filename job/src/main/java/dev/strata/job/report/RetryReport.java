package dev.strata.job.report;

import dev.strata.udfs.page.Figures;
import java.util.List;

/**
 * What became of the rows of an output that were asked again.
 *
 * @param run of those rows, with what was taken over
 * @param asked how many they were
 * @param rows all of the output
 * @param refused rows that have errors and cannot be asked again
 */
public record RetryReport(RunReport run, long asked, long rows, long refused) {

  /** Some lines for the console. */
  public String text() {
    String first =
        "%s of %s rows asked again in %s, %s: %s"
            .formatted(
                Figures.count(asked),
                Figures.count(rows),
                Figures.time(run.time()),
                stillFailing(),
                run.output());
    List<String> lines = run.lines(first);
    if (refused > 0) {
      lines.add(RunReport.line("not asked again", Figures.rows(refused) + ": " + whyNot()));
    }
    return String.join(System.lineSeparator(), lines);
  }

  private String stillFailing() {
    long errors = run.reuse().errors().rows() - refused;
    return errors == 1 ? "1 still fails" : Figures.count(errors) + " still fail";
  }

  private static String whyNot() {
    return "the input has them in no form that can be read; mend it, and run it again";
  }

  /** Where no row can be asked again. */
  public static String nothingToDo(String output, long rows, long refused) {
    return refused == 0
        ? "nothing to do: none of the %s rows of %s has an error"
            .formatted(Figures.count(rows), output)
        : "nothing to do: %s of the %s rows of %s have errors, and none can be asked again: %s"
            .formatted(Figures.count(refused), Figures.count(rows), output, whyNot());
  }
}
