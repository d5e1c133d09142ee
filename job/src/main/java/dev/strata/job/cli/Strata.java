package dev.strata.job.cli;

import dev.strata.job.run.Interruption;
import dev.strata.job.run.Run;
import dev.strata.job.run.Sessions;
import dev.strata.job.run.Task;
import java.io.PrintStream;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import picocli.CommandLine;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;

/** The main class: {@code spark-submit --class dev.strata.job.cli.Strata strata.jar generate …}. */
public final class Strata {

  private final PrintStream out;
  private final PrintStream err;

  Strata(PrintStream out, PrintStream err) {
    this.out = out;
    this.err = err;
  }

  /**
   * Runs a command. A success returns, since some cluster managers take any call of exit for a
   * failure; an error exits with its code.
   */
  public static void main(String[] args) {
    EndNotice.give();
    int code = new Strata(System.out, System.err).run(args);
    if (code != 0) {
      System.exit(code);
    }
  }

  /** Runs a command and returns the exit code. */
  int run(String... args) {
    CommandLine commands = CommandTree.build();
    try {
      ParseResult result = commands.parseArgs(args);
      Integer helped = CommandLine.executeHelpRequest(result);
      if (helped != null) {
        return helped;
      }
      if (!result.hasSubcommand()) {
        commands.usage(err);
        return CommandLine.ExitCode.USAGE;
      }
      return run(result.subcommand());
    } catch (ParameterException e) {
      return new Failure(UsageErrors.of(e)).report(err, false);
    }
  }

  private int run(ParseResult command) {
    String word = command.commandSpec().name();
    try {
      if (word.equals(BenchmarkCommand.WORD)) {
        return BenchmarkCommand.run(command, out, err);
      }
      if (word.equals(DoctorCommand.WORD)) {
        return DoctorCommand.run(command, out);
      }
      if (word.equals(SqlCommand.WORD)) {
        return SqlCommand.run(command, out, err);
      }
      if (word.equals(StatusCommand.WORD)) {
        return StatusCommand.run(command, out);
      }
      if (word.equals(CompareCommand.WORD)) {
        return CompareCommand.run(command, out);
      }
      if (word.equals(ReportCommand.WORD)) {
        return ReportCommand.run(command, out);
      }
      if (word.equals(RetryCommand.WORD)) {
        return RetryCommand.run(command, out, err);
      }
      Map<String, String> settings = new HashMap<>(Sessions.submitted());
      settings.putAll(Options.settings(command));
      Run run = Run.prepare(Task.valueOf(word.toUpperCase(Locale.ROOT)), settings);
      run.execute(out, err);
      return CommandLine.ExitCode.OK;
    } catch (Throwable e) { // the edge of the program: whatever it is, a person reads one sentence
      if (Interruption.signal().isPresent()) {
        return CommandLine.ExitCode.SOFTWARE; // has been said; the JVM ends with the signal's code
      }
      return new Failure(e).report(err, command.hasMatchedOption(CommandTree.STACKTRACE));
    }
  }
}
