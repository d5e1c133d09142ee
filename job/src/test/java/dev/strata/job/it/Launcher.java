package dev.strata.job.it;

import dev.strata.job.CommandResult;
import dev.strata.job.Demo;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
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

  /** Where the launcher looks for an archive of classes. */
  private static final Path CLASSES = Demo.ROOT.resolve("target/spark-classes.jsa");

  /** Spark's jars in the order that drivers have them, without which the archive is not used. */
  static final String SPARK = sparksJars();

  /** So short a run is over before the JVM's best compiler and collector would pay. */
  private static final String QUICK_START =
      Stream.of(
              "spark.driver.defaultJavaOptions=-XX:TieredStopAtLevel=1",
              "spark.driver.extraJavaOptions=-XX:+UseSerialGC",
              "spark.executor.defaultJavaOptions=-XX:VMOptionsFile=" + executorOptions(),
              "spark.executor.extraJavaOptions=-XX:+UseSerialGC",
              "spark.executor.extraClassPath=" + SPARK)
          .map("--conf "::concat)
          .collect(Collectors.joining(" "));

  private static final int TIMEOUT_MINUTES = 10;

  private Launcher() {}

  private static String sparksJars() {
    Path jars = Demo.ROOT.resolve("target/spark/jars");
    try (Stream<Path> all = Files.list(jars)) {
      return Stream.concat(
              all.filter(jar -> jar.getFileName().toString().startsWith("slf4j-api-")),
              Stream.of(jars.resolve("*")))
          .map(Path::toString)
          .collect(Collectors.joining(File.pathSeparator));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Executors use the archive as well; options with spaces between them are in a file. */
  private static Path executorOptions() {
    try {
      Path file = Files.createTempFile("strata-it-", ".options");
      file.toFile().deleteOnExit();
      return Files.writeString(
          file,
          "-XX:TieredStopAtLevel=1 -XX:SharedArchiveFile=\"%s\" -Xlog:cds=off -Xlog:cds+dynamic=off"
              .formatted(CLASSES));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * A run that ends with an archive of the classes it used: those after it start in half the time.
   * Who needs none does not wait for it.
   */
  private static synchronized void archiveClasses() throws IOException {
    if (Files.exists(CLASSES)) {
      return;
    }
    Path output = Files.createTempDirectory("strata-it-");
    Path half = CLASSES.resolveSibling("spark-classes.part");
    String option = "-XX:ArchiveClassesAtExit=" + half + " -Xlog:cds=off -Xlog:cds+dynamic=off";
    List<String> words =
        new ArrayList<>(List.of("--conf", "spark.driver.extraJavaOptions=" + option));
    words.addAll(Demo.translation(output.resolve("rows"), "--limit", "4", "--host-memory", "512m"));
    try {
      CommandResult result = start(script("strata", words), Map.of()).await();
      if (result.exitCode() != 0) {
        throw new IllegalStateException("no archive of classes: " + result.err());
      }
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
    Files.move(half, CLASSES);
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
    archiveClasses();
    return start(script(script, Arrays.asList(args)), environment);
  }

  private static List<String> script(String name, List<String> args) {
    List<String> command = new ArrayList<>();
    command.add(Demo.ROOT.resolve("submit-scripts").resolve(name).toString());
    command.addAll(args);
    return command;
  }

  private static Started start(List<String> command, Map<String, String> environment)
      throws IOException {
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
