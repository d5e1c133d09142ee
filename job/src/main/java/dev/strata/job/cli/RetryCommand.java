package dev.strata.job.cli;

import dev.strata.job.run.Retry;
import dev.strata.job.run.Run;
import dev.strata.job.run.Sessions;
import dev.strata.job.run.Task;
import dev.strata.udfs.api.ConfKey;
import dev.strata.udfs.api.StrataException;
import dev.strata.udfs.api.StrataKeys;
import java.io.PrintStream;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParseResult;

/** {@code strata retry-failed}: asks the rows of an output again that have errors. */
final class RetryCommand {

  static final String WORD = Run.RETRY;
  static final String DESCRIPTION =
      "Asks the rows of an output again that have errors, as the run did that wrote it, and replaces"
          + " the output as a whole. Options say what is to be otherwise.";

  /** What the output itself is, or a run of all rows alone has use for. */
  private static final List<ConfKey<?>> OF_OTHER_RUNS =
      List.of(
          StrataKeys.OUTPUT,
          StrataKeys.PARTITION_BY,
          StrataKeys.COLUMNS,
          StrataKeys.MODE,
          StrataKeys.LIMIT,
          StrataKeys.INCREMENTAL);

  static final List<ConfKey<?>> KEYS =
      StrataKeys.all().stream()
          .filter(key -> !StrataKeys.isOfSql(key) && !OF_OTHER_RUNS.contains(key))
          .toList();

  private static final String TASK = "--task";

  private RetryCommand() {}

  static void describe(CommandSpec spec) {
    OutputParameter.add(spec);
    spec.addOption(
        OptionSpec.builder(TASK)
            .type(String.class)
            .paramLabel("<task>")
            .description(
                "What the rows are asked, where the output does not say it: " + tasks() + ".")
            .build());
  }

  private static String tasks() {
    return Arrays.stream(Task.values()).map(Task::word).collect(Collectors.joining(", "));
  }

  /** Runs to the end. */
  static int run(ParseResult command, PrintStream out, PrintStream err) throws Exception {
    Map<String, String> submitted = Sessions.submitted();
    String output = OutputParameter.of(command, submitted);
    Run run = Retry.prepare(output, task(command), submitted, Options.settings(command), err);
    run.execute(out, err);
    return CommandLine.ExitCode.OK;
  }

  private static Task task(ParseResult command) {
    String word = command.matchedOptionValue(TASK, null);
    return word == null
        ? null
        : Arrays.stream(Task.values())
            .filter(task -> task.word().equals(word))
            .findFirst()
            .orElseThrow(
                () ->
                    StrataException.usage("%s is '%s'; it must be one of %s", TASK, word, tasks()));
  }
}
