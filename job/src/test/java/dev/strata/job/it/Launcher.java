package dev.strata.job.it;

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
final class Launcher {

  static final Path ROOT = Path.of(System.getProperty("strata.root"));
  static final Path DEMO_MODEL = ROOT.resolve("datasets/demo-model");

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
  private static final Path CLASSES = ROOT.resolve("target/spark-classes.jsa");

  private static final int TIMEOUT_MINUTES = 5;

  static {
    try {
      if (!Files.exists(CLASSES)) {
        archiveClasses();
      }
    } catch (IOException | InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  /**
   * What a command left behind.
   *
   * @param out lines on standard output
   * @param err lines on standard error, but for what every run announces
   * @param announced what it is about to do, and where it can be watched
   */
  record Result(int exitCode, List<String> out, List<String> err, List<String> announced) {

    private static Result of(int exitCode, List<String> out, List<String> err) {
      Map<Boolean, List<String>> lines =
          err.stream()
              .collect(
                  Collectors.partitioningBy(
                      line -> line.matches("(Starting Spark on|Spark UI:) .*")));
      return new Result(exitCode, out, lines.get(false), lines.get(true));
    }

    /** The number after a label of the summary. */
    int summary(String label) {
      String line = out.stream().filter(l -> l.strip().startsWith(label)).findFirst().orElseThrow();
      String number = line.strip().substring(label.length()).strip();
      return Integer.parseInt(number.replaceFirst(" .*", "").replace(",", ""));
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
    words.addAll(translation(output.resolve("rows"), "--limit", "4"));
    generate(words);
  }

  /** The words that have the demo model translate the demo sentences. */
  static List<String> translation(Path output, String... options) {
    return Stream.concat(
            Stream.of(
                "translate",
                "--to-language",
                "French",
                "--model",
                DEMO_MODEL.toString(),
                "--input",
                ROOT.resolve("datasets/sentences.json").toString(),
                "--output",
                output.toString()),
            Arrays.stream(options))
        .toList();
  }

  /** Runs a command that needs room for an engine. */
  static Result generate(List<String> args) throws IOException, InterruptedException {
    return generate(args.toArray(String[]::new));
  }

  /** Runs a command that needs room for an engine. */
  static Result generate(String... args) throws IOException, InterruptedException {
    List<String> all = new ArrayList<>(Arrays.asList(args));
    SMALL.forEach((option, value) -> all.addAll(List.of(option, value)));
    return run(all.toArray(String[]::new));
  }

  static Result run(String... args) throws IOException, InterruptedException {
    return start("strata", Map.of(), args).await();
  }

  /** Runs a process to its end, without what the environment says of Spark. */
  static Result execute(ProcessBuilder builder) throws IOException, InterruptedException {
    return start(builder).await();
  }

  /**
   * Starts one of the scripts.
   *
   * @param environment beside that of this process
   */
  static Started start(String script, Map<String, String> environment, String... args)
      throws IOException {
    List<String> command = new ArrayList<>();
    command.add(ROOT.resolve("submit-scripts").resolve(script).toString());
    command.addAll(Arrays.asList(args));
    ProcessBuilder builder = new ProcessBuilder(command).directory(ROOT.toFile());
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
  record Started(List<String> command, Process process, Path out, Path err) {

    /** Waits for its end. */
    Result await() throws IOException, InterruptedException {
      try {
        if (!process.waitFor(TIMEOUT_MINUTES, TimeUnit.MINUTES)) {
          process.destroyForcibly();
          throw new IllegalStateException("no end: " + command + "\n" + Files.readString(err));
        }
        return Result.of(process.exitValue(), Files.readAllLines(out), Files.readAllLines(err));
      } finally {
        Files.delete(out);
        Files.delete(err);
      }
    }
  }
}
