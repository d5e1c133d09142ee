package dev.strata.job.cli;

import dev.strata.job.run.Sessions;
import dev.strata.job.run.SqlSession;
import dev.strata.job.sql.SqlRun;
import dev.strata.udfs.api.ConfKey;
import dev.strata.udfs.api.StrataException;
import dev.strata.udfs.api.StrataKeys;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.MalformedInputException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParseResult;

/** {@code strata sql}: statements from the command line, a file, or as they are typed. */
final class SqlCommand {

  static final String WORD = "sql";
  static final String DESCRIPTION =
      "Runs SQL statements; rows go to standard output, their values between tabs.";

  /** Those that a session's SQL functions go by. */
  static final List<ConfKey<?>> KEYS =
      StrataKeys.all().stream().filter(HelpText::isOfSessions).toList();

  private static final String STATEMENT = "-e";
  private static final String FILE = "-f";

  /** The launcher sets it where standard input is a terminal, which Java cannot tell. */
  private static final String TYPED = "STRATA_TYPED";

  private static final Path TABLES = Path.of("spark-warehouse");

  private SqlCommand() {}

  static void describe(CommandSpec spec) {
    spec.addOption(
        OptionSpec.builder(STATEMENT)
            .type(List.class)
            .auxiliaryTypes(String.class)
            .paramLabel("<statements>")
            .description("Statements with semicolons between them; may be given several times.")
            .build());
    spec.addOption(
        OptionSpec.builder(FILE)
            .type(List.class)
            .auxiliaryTypes(String.class)
            .paramLabel("<file>")
            .description("A file of statements; without -e and -f they are read as they are typed.")
            .build());
  }

  /**
   * Runs the statements on a session of its own.
   *
   * @param out where rows go
   * @param err where everything else goes
   * @throws StrataException if a file cannot be read or a statement fails
   */
  static int run(ParseResult command, PrintStream out, PrintStream err) throws IOException {
    List<String> texts = texts(command);
    Map<String, String> settings = new HashMap<>(Sessions.submitted());
    settings.putAll(Options.settings(command));
    err.println("Starting Spark on " + Sessions.master(settings) + " for SQL");
    boolean hadTables = Files.exists(TABLES);
    SqlSession session = SqlSession.start("strata " + WORD, settings);
    try {
      SqlRun run = new SqlRun(session.spark(), session::requireFew, out);
      texts.forEach(run::run);
      if (!command.hasMatchedOption(STATEMENT) && !command.hasMatchedOption(FILE)) {
        converse(run, err);
      }
      return CommandLine.ExitCode.OK;
    } finally {
      session.close();
      if (!hadTables) {
        deleteIfEmpty(TABLES);
      }
    }
  }

  /** Spark makes its folder of tables as soon as it looks anything up. */
  private static void deleteIfEmpty(Path folder) throws IOException {
    try {
      Files.deleteIfExists(folder);
    } catch (DirectoryNotEmptyException e) {
      // it has the tables that statements made
    }
  }

  /** All are read before the first is run. */
  private static List<String> texts(ParseResult command) {
    if (command.hasMatchedOption(STATEMENT) && command.hasMatchedOption(FILE)) {
      throw StrataException.usage("%s and %s both say what to run; give one", STATEMENT, FILE);
    }
    List<String> statements = command.matchedOptionValue(STATEMENT, List.<String>of());
    List<String> files = command.matchedOptionValue(FILE, List.<String>of());
    return files.isEmpty() ? statements : files.stream().map(SqlCommand::read).toList();
  }

  private static String read(String file) {
    try {
      return Files.readString(Path.of(file));
    } catch (MalformedInputException e) {
      throw StrataException.usage("%s %s is not text in UTF-8", FILE, file);
    } catch (IOException e) {
      throw new StrataException(
          StrataException.Fault.USAGE,
          "%s %s cannot be read; correct the path".formatted(FILE, file),
          e);
    }
  }

  /** A person is asked on a terminal; what comes from elsewhere ends at the first failure. */
  private static void converse(SqlRun run, PrintStream err) throws IOException {
    BufferedReader in =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    run.converse(in, System.getenv(TYPED) == null ? null : err);
  }
}
