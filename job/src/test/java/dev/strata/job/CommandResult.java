package dev.strata.job;

import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * What a command left behind.
 *
 * @param out lines on standard output
 * @param err lines on standard error, but for what every run announces
 * @param announced what it is about to do, and where it can be watched
 */
public record CommandResult(
    int exitCode, List<String> out, List<String> err, List<String> announced) {

  public static CommandResult of(int exitCode, List<String> out, List<String> err) {
    Map<Boolean, List<String>> lines =
        err.stream()
            .collect(
                Collectors.partitioningBy(
                    line -> line.matches("(Starting Spark on|Spark UI:) .*")));
    return new CommandResult(exitCode, out, lines.get(false), lines.get(true));
  }

  /** The number after a label of the summary. */
  public int summary(String label) {
    String line = out.stream().filter(l -> l.strip().startsWith(label)).findFirst().orElseThrow();
    String number = line.strip().substring(label.length()).strip();
    return Integer.parseInt(number.replaceFirst(" .*", "").replace(",", ""));
  }
}
