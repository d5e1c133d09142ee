package dev.strata.job.cli;

import dev.strata.job.run.Task;
import dev.strata.udfs.api.ConfKey;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/** The commands and their options. */
final class CommandTree {

  static final String STACKTRACE = "--stacktrace";

  private static final String HELP = "help";
  private static final int HELP_WIDTH = 100;

  private CommandTree() {}

  static CommandLine build() {
    CommandSpec root = spec("strata");
    root.usageMessage()
        .description("Runs a language model far larger than the GPU over a data set, on Spark.")
        .header(
            "Examples:",
            "  strata summarize --model /models/Qwen3-8B --input articles.parquet --output"
                + " summaries.parquet",
            "  strata help translate",
            "")
        .footer(
            "",
            "Options of spark-submit (--master, --conf, --driver-memory ...) come before the"
                + " command,",
            "and so do --gpu, which has a GPU do the mathematics and prepares what that takes, and",
            "--natives DIR, a PyTorch of your own;",
            "options of Strata after it; each stands for a spark.strata.* key of the same name.",
            "",
            "Exit codes: 0 done (rows may have errors of their own), 1 unexpected, 2 usage,",
            "3 the model cannot be used, 4 input or output cannot, or every row failed for one",
            "reason, 5 too little memory,",
            "6 another run holds the output's lock.");
    for (Task task : Task.values()) {
      CommandSpec command = command(task.word(), task.description(), task.keys());
      HelpText.describe(command, task);
      root.addSubcommand(task.word(), command);
    }
    CommandSpec status = command(StatusCommand.WORD, StatusCommand.DESCRIPTION, StatusCommand.KEYS);
    StatusCommand.describe(status);
    root.addSubcommand(StatusCommand.WORD, status);
    CommandSpec compare = command(CompareCommand.WORD, CompareCommand.DESCRIPTION, List.of());
    CompareCommand.describe(compare);
    root.addSubcommand(CompareCommand.WORD, compare);
    CommandSpec report = command(ReportCommand.WORD, ReportCommand.DESCRIPTION, List.of());
    ReportCommand.describe(report);
    root.addSubcommand(ReportCommand.WORD, report);
    CommandSpec retry = command(RetryCommand.WORD, RetryCommand.DESCRIPTION, RetryCommand.KEYS);
    RetryCommand.describe(retry);
    root.addSubcommand(RetryCommand.WORD, retry);
    root.addSubcommand(BenchmarkCommand.WORD, benchmark());
    CommandSpec sql = command(SqlCommand.WORD, SqlCommand.DESCRIPTION, SqlCommand.KEYS);
    SqlCommand.describe(sql);
    root.addSubcommand(SqlCommand.WORD, sql);
    CommandSpec doctor = command(DoctorCommand.WORD, DoctorCommand.DESCRIPTION, DoctorCommand.KEYS);
    doctor.addOption(DoctorCommand.verify()).addOption(DoctorCommand.deviceOnly());
    root.addSubcommand(DoctorCommand.WORD, doctor);
    CommandLine commands = new CommandLine(root);
    return commands.addSubcommand(HELP, new CommandLine.HelpCommand());
  }

  private static CommandSpec command(String word, String description, List<ConfKey<?>> keys) {
    CommandSpec spec = spec(word);
    spec.usageMessage().description(description).abbreviateSynopsis(true);
    for (ConfKey<?> key : keys) {
      spec.addOption(Options.of(key));
    }
    spec.addOption(stacktrace());
    return spec;
  }

  private static CommandSpec benchmark() {
    CommandSpec spec = spec(BenchmarkCommand.WORD);
    BenchmarkCommand.describe(spec);
    spec.addOption(stacktrace());
    return spec;
  }

  private static OptionSpec stacktrace() {
    return OptionSpec.builder(STACKTRACE)
        .type(boolean.class)
        .description("Print the stack trace of an error.")
        .build();
  }

  private static CommandSpec spec(String name) {
    CommandSpec spec = CommandSpec.create().name(name).mixinStandardHelpOptions(true);
    spec.usageMessage().width(HELP_WIDTH).sortOptions(false);
    return spec.version("strata " + version());
  }

  /** As the jar's manifest has it. */
  private static String version() {
    String version = Strata.class.getPackage().getImplementationVersion();
    return version == null ? "(unpackaged)" : version;
  }

  /** The names of all commands. */
  static List<String> commands() {
    return Stream.concat(
            Arrays.stream(Task.values()).map(Task::word),
            Stream.of(
                RetryCommand.WORD,
                StatusCommand.WORD,
                CompareCommand.WORD,
                ReportCommand.WORD,
                SqlCommand.WORD,
                BenchmarkCommand.WORD,
                DoctorCommand.WORD,
                HELP))
        .toList();
  }
}
