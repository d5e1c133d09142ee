package dev.strata.job.runs;

import static org.assertj.core.api.Assertions.assertThat;

import dev.strata.job.CommandResult;
import dev.strata.job.Demo;
import dev.strata.job.cli.SubmittedCommand;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A dry run says what the run then does, and leaves nothing behind. */
class DryRunTest {

  private static final Pattern SWEEPS = Pattern.compile("  sweeps +([\\d,]+) to ([\\d,]+)");

  @TempDir Path directory;

  @Test
  void saysWhatTheRunDoes() throws Exception {
    CommandResult dry = translate("--dry-run");
    assertThat(dry.exitCode()).as("%s", dry.err()).isZero();
    assertThat(dry.err()).isEmpty();
    assertThat(dry.out().get(0)).isEqualTo("dry run: nothing was generated, nothing written");
    assertThat(dry.out())
        .anySatisfy(line -> assertThat(line).matches("  rows +60 of .*sentences.json"))
        .anySatisfy(line -> assertThat(line).matches("  partitions +2 on one executor"))
        .anySatisfy(line -> assertThat(line).matches("  rows that fail +0"))
        .anySatisfy(line -> assertThat(line).matches("  time +\\d+:\\d\\d( to \\d+:\\d\\d)?"))
        .anySatisfy(
            line -> assertThat(line).matches("  device +\\S+ \\(.*found on this machine\\)"))
        .anySatisfy(line -> assertThat(line).startsWith("  memory plan: "));
    try (Stream<Path> files = Files.list(directory)) {
      assertThat(files).as("nothing is written").isEmpty();
    }

    CommandResult real = translate();
    assertThat(real.exitCode()).as("%s", real.err()).isZero();
    assertThat(dry.summary("prompt tokens")).isEqualTo(real.summary("prompt tokens"));
    assertThat(real.summary("new tokens")).isBetween(60, 60 * 12);
    Matcher range =
        dry.out().stream()
            .map(SWEEPS::matcher)
            .filter(Matcher::lookingAt)
            .findFirst()
            .orElseThrow();
    assertThat(real.summary("sweeps"))
        .isBetween(Integer.valueOf(range.group(1)), Integer.valueOf(range.group(2)));

    CommandResult again = translate("--dry-run");
    assertThat(again.exitCode()).as("refused as the run would be").isEqualTo(4);
    assertThat(again.err()).singleElement().asString().contains("exists already");
  }

  private CommandResult translate(String... more) throws Exception {
    List<String> args =
        new ArrayList<>(
            Demo.translation(directory.resolve("out"), "--limit", "60", "--partitions", "2"));
    args.addAll(List.of("--wave-size", "9", "--max-new-tokens", "12"));
    args.addAll(Arrays.asList(more));
    return SubmittedCommand.small(args);
  }
}
