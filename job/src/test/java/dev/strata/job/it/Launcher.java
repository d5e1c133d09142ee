package dev.strata.job.it;

import dev.strata.job.CommandResult;
import dev.strata.job.Demo;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The launcher script, as a person calls it, on the jar that was just built. */
public final class Launcher {

  /** Enough for the demo model, so that two executors fit a small machine. */
  private static final Map<String, String> SMALL = Map.of("--host-memory", "512m");

  /** So short a run is over before the JVM's best compiler and collector would pay. */
  private static final String QUICK_START =
      Stream.of("driver", "executor")
          .flatMap(
              jvm ->
                  Stream.of(
                      "spark." + jvm + ".defaultJavaOptions=-XX:TieredStopAtLevel=1",
                      "spark." + jvm + ".extraJavaOptions=-XX:+UseSerialGC"))
          .map("--conf "::concat)
          .collect(Collectors.joining(" "));

  /** Where the launcher looks for an archive of classes. */
  private static final Path CLASSES = Demo.ROOT.resolve("target/spark-classes.jsa");

  private static final int TIMEOUT_MINUTES = 10;

  static {
    try {
      if (!Files.exists(CLASSES)) {
        archiveClasses();
      }
    } catch (IOException | InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  private Launcher() {}

  /**
   * A run that ends with an archive of the classes it used: those after it start in half the time.
   */
  private static void archiveClasses() throws IOException, InterruptedException {
    Path output = Files.createTempDirectory("strata-it-");
    String option = "-XX:ArchiveClassesAtExit=" + CLASSES + " -Xlog:cds=off -Xlog:cds+dynamic=off";
    List<String> words =
        new ArrayList<>(List.of("--conf", "spark.driver.extraJavaOptions=" + option));
    words.addAll(Demo.translation(output.resolve("rows"), "--limit", "4"));
    generate(words);
  }

  /** Runs a command that needs room for an engine. */
  static CommandResult generate(List<String> args) throws IOException, InterruptedException {
    return generate(args.toArray(String[]::new));
  }

  /** Runs a command that needs room for an engine. */
  static CommandResult generate(String... args) throws IOException, InterruptedException {
    List<String> all = new ArrayList<>(Arrays.asList(args));
    SMALL.forEach((option, value) -> all.addAll(List.of(option, value)));
    return run(all.toArray(String[]::new));
  }

  static CommandResult run(String... args) throws IOException, InterruptedException {
    return start("strata", Map.of(), args).await();
  }

  /** Runs a process to its end, without what the environment says of Spark. */
  static CommandResult execute(ProcessBuilder builder) throws IOException, InterruptedException {
    return start(builder).await();
  }

  /**
   * Starts one of the scripts.
   *
   * @param environment beside that of this process
   */
  public static Started start(String script, Map<String, String> environment, String... args)
      throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Demo.ROOT.resolve("submit-scripts").resolve(script).toString());
    command.addAll(Arrays.asList(args));
    ProcessBuilder builder = new ProcessBuilder(command).directory(Demo.ROOT.toFile());
    builder.environment().put("STRATA_SUBMIT_OPTS", QUICK_START);
    builder.environment().putAll(environment);
    return start(builder);
  }

  private static Started start(ProcessBuilder builder) throws IOException {
    Path out = Files.createTempFile("strata-it-", ".out");
    Path err = Files.createTempFile("strata-it-", ".err");
    builder.redirectOutput(out.toFile()).redirectError(err.toFile());
    builder.environment().keySet().removeIf(name -> name.startsWith("SPARK_"));
    return new Started(builder.command(), builder.start(), out, err);
  }

  /** A script that runs. */
  public record Started(List<String> command, Process process, Path out, Path err) {

    /** The executors of a local cluster that it has, each a process of its own. */
    public Stream<ProcessHandle> executors() {
      return process.descendants().filter(Started::isExecutor);
    }

    private static boolean isExecutor(ProcessHandle process) {
      return process.info().arguments().stream()
          .flatMap(Arrays::stream)
          .anyMatch(word -> word.endsWith("CoarseGrainedExecutorBackend"));
    }

    /** Waits for its end. */
    public CommandResult await() throws IOException, InterruptedException {
      try {
        if (!process.waitFor(TIMEOUT_MINUTES, TimeUnit.MINUTES)) {
          process.destroyForcibly();
          throw new IllegalStateException("no end: " + command + "\n" + Files.readString(err));
        }
        return CommandResult.of(
            process.exitValue(), Files.readAllLines(out), Files.readAllLines(err));
      } finally {
        Files.delete(out);
        Files.delete(err);
      }
    }
  }
}
