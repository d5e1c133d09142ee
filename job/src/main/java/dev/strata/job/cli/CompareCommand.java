package dev.strata.job.cli;

import dev.strata.job.report.ComparisonReport;
import dev.strata.job.run.KeptReports;
import dev.strata.job.run.Sessions;
import java.io.PrintStream;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.PositionalParamSpec;
import picocli.CommandLine.ParseResult;

/** {@code strata compare}: two runs beside each other. Starts no Spark. */
final class CompareCommand {

  static final String WORD = "compare";
  static final String DESCRIPTION =
      "Shows two runs beside each other: speed, rows, errors, tokens, time, memory, and the options"
          + " that differ.";

  /** What a person may name a run by. */
  static final String RUN =
      "a report (--report, --report-dir), an output of files, or a directory of either, of which"
          + " the run is taken that was started last";

  private static final String JSON = "--json";
  private static final String HTML = "--html";

  private CompareCommand() {}

  static void describe(CommandSpec spec) {
    spec.addPositional(run("0", "<A>", "One run: " + RUN + "."));
    spec.addPositional(run("1", "<B>", "The other."));
    spec.addOption(
        OptionSpec.builder(JSON).type(boolean.class).description("Say so as JSON.").build());
    spec.addOption(html("A file for a page with both beside each other."));
  }

  private static PositionalParamSpec run(String index, String label, String description) {
    return PositionalParamSpec.builder()
        .index(index)
        .paramLabel(label)
        .type(String.class)
        .arity("1")
        .required(true)
        .description(description)
        .build();
  }

  static OptionSpec html(String description) {
    return OptionSpec.builder(HTML)
        .type(String.class)
        .paramLabel("<file>")
        .description(description)
        .build();
  }

  /** The file that a page is to go to, or null. */
  static String html(ParseResult command) {
    return command.matchedOptionValue(HTML, null);
  }

  /**
   * Prints the comparison.
   *
   * @throws dev.strata.udfs.api.StrataException if one is no run, or both are the same
   */
  static int run(ParseResult command, PrintStream out) {
    KeptReports reports = new KeptReports(Sessions.submitted());
    ComparisonReport comparison =
        reports.compare(
            command.matchedPositionalValue(0, ""), command.matchedPositionalValue(1, ""));
    if (html(command) != null) {
      reports.write(html(command), comparison.html());
    }
    out.println(command.hasMatchedOption(JSON) ? comparison.json() : comparison.text());
    return CommandLine.ExitCode.OK;
  }
}
