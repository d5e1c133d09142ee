package dev.strata.job.cli;

import dev.strata.job.run.KeptReports;
import dev.strata.job.run.Sessions;
import java.io.PrintStream;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.PositionalParamSpec;
import picocli.CommandLine.ParseResult;

/** {@code strata report}: a run's report as a page. Starts no Spark. */
final class ReportCommand {

  static final String WORD = "report";
  static final String DESCRIPTION =
      "Makes a page of a run's report, in one file, as a run makes it itself beside its output.";

  private ReportCommand() {}

  static void describe(CommandSpec spec) {
    spec.addPositional(
        PositionalParamSpec.builder()
            .paramLabel("<run>")
            .type(String.class)
            .arity("1")
            .required(true)
            .description("The run: " + CompareCommand.RUN + ".")
            .build());
    spec.addOption(CompareCommand.html("The file for the page; without it the page is printed."));
  }

  /**
   * Makes the page.
   *
   * @throws dev.strata.udfs.api.StrataException if there is no such run, or no place for the page
   */
  static int run(ParseResult command, PrintStream out) {
    KeptReports reports = new KeptReports(Sessions.submitted());
    String html = reports.page(command.matchedPositionalValue(0, ""));
    if (CompareCommand.html(command) == null) {
      out.print(html);
    } else {
      reports.write(CompareCommand.html(command), html);
    }
    return CommandLine.ExitCode.OK;
  }
}
