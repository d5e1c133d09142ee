package dev.strata.job.cli;

import dev.strata.job.CommandResult;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** A command in this JVM, as {@code spark-submit} starts it there. */
public final class SubmittedCommand {

  /** What spark-submit leaves among the system properties. */
  private static final Map<String, String> USUAL =
      Map.of(
          "spark.master", "local[2]",
          "spark.ui.enabled", "false",
          "spark.driver.host", "127.0.0.1",
          "spark.driver.bindAddress", "127.0.0.1");

  private SubmittedCommand() {}

  /** Runs a command to its end. */
  public static CommandResult run(List<String> words) {
    return run(Map.of(), words);
  }

  /**
   * Runs a command to its end.
   *
   * @param settings what {@code --conf} would say
   */
  public static CommandResult run(Map<String, String> settings, List<String> words) {
    Map<String, String> submitted = new HashMap<>(USUAL);
    submitted.putAll(settings);
    submitted.forEach(System::setProperty);
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ByteArrayOutputStream err = new ByteArrayOutputStream();
    try {
      int code = new Strata(print(out), print(err)).run(words.toArray(String[]::new));
      return CommandResult.of(code, lines(out), lines(err));
    } finally {
      submitted.keySet().forEach(System::clearProperty);
    }
  }

  /**
   * Starts a command in a process of its own, which may be killed.
   *
   * @param log what it says
   */
  public static Process start(Map<String, String> settings, List<String> words, Path log)
      throws IOException {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
        .filter(option -> option.matches("(--add-|-XX:\\+Ignore|-Dlog4j2).*"))
        .forEach(command::add);
    command.addAll(List.of("-Xmx700m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"));
    Map<String, String> submitted = new HashMap<>(USUAL);
    submitted.putAll(settings);
    submitted.forEach((key, value) -> command.add("-D" + key + "=" + value));
    command.add(Strata.class.getName());
    command.addAll(words);
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.environment().put("CLASSPATH", System.getProperty("java.class.path"));
    return builder.redirectOutput(log.toFile()).start();
  }

  /** The same of a command that needs no more memory than the demo model does. */
  public static CommandResult small(List<String> words) {
    return run(Stream.concat(words.stream(), Stream.of("--host-memory", "512m")).toList());
  }

  private static PrintStream print(ByteArrayOutputStream bytes) {
    return new PrintStream(bytes, true, StandardCharsets.UTF_8);
  }

  private static List<String> lines(ByteArrayOutputStream bytes) {
    return bytes.toString(StandardCharsets.UTF_8).lines().toList();
  }
}
