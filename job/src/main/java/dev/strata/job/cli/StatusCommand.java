package dev.strata.job.cli;

import dev.strata.job.report.StatusReport;
import dev.strata.job.run.OutputStatus;
import dev.strata.job.run.Sessions;
import dev.strata.udfs.api.ConfKey;
import dev.strata.udfs.api.StrataException;
import dev.strata.udfs.api.StrataKeys;
import java.io.PrintStream;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParseResult;

/** {@code strata status}: where an output and its run stand. Starts no Spark unless it must. */
final class StatusCommand {

  static final String WORD = "status";
  static final String DESCRIPTION =
      "Says whether an output is complete, which rows of it failed, what is at work on it, and what"
          + " can be continued. Changes nothing.";
  static final List<ConfKey<?>> KEYS = List.of(StrataKeys.OUTPUT_FORMAT, StrataKeys.JOURNAL_DIR);

  private static final String JSON = "--json";

  private StatusCommand() {}

  static void describe(CommandSpec spec) {
    OutputParameter.add(spec);
    spec.addOption(
        OptionSpec.builder(JSON).type(boolean.class).description("Say so as JSON.").build());
  }

  /**
   * Prints how it stands.
   *
   * @throws StrataException if there is nothing, or one cannot know
   */
  static int run(ParseResult command, PrintStream out) {
    Map<String, String> settings = new HashMap<>(Sessions.submitted());
    settings.putAll(Options.settings(command));
    settings.put(StrataKeys.OUTPUT.name(), OutputParameter.of(command, settings));
    StatusReport status = OutputStatus.of(settings);
    boolean isJson = command.hasMatchedOption(JSON);
    if (status.state() == StatusReport.State.ABSENT && !isJson) {
      throw StrataException.data("%s", status.text());
    }
    out.println(isJson ? status.json() : status.text());
    return status.state() == StatusReport.State.ABSENT
        ? StrataException.Fault.DATA.exitCode()
        : CommandLine.ExitCode.OK;
  }
}
