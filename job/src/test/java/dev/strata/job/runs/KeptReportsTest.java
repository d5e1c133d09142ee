package dev.strata.job.runs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.strata.job.CommandResult;
import dev.strata.job.Demo;
import dev.strata.job.cli.SubmittedCommand;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a run keeps of itself, and what becomes of that later. */
class KeptReportsTest {

  @TempDir Path directory;

  private CommandResult translate(String output, String... options) {
    List<String> more = List.of("--limit", "12", "--max-new-tokens", "4", "--id-column", "id");
    String[] all = Stream.concat(more.stream(), Stream.of(options)).toArray(String[]::new);
    return SubmittedCommand.small(Demo.translation(directory.resolve(output), all));
  }

  private List<Path> reports(String ending) throws IOException {
    try (Stream<Path> files = Files.list(directory.resolve("reports"))) {
      return files.filter(file -> file.toString().endsWith(ending)).sorted().toList();
    }
  }

  @Test
  void everyRunKeepsItsReport() throws Exception {
    String place = directory.resolve("reports").toString();
    CommandResult first = translate("one", "--report-dir", place);
    assertThat(first.exitCode()).as("%s", first.err()).isZero();
    CommandResult second = translate("two", "--report-dir", place, "--temperature", "0.5");
    assertThat(second.exitCode()).as("%s", second.err()).isZero();

    assertThat(reports(".json")).hasSize(2);
    assertThat(reports(".html")).hasSize(2);
    assertThat(directory.resolve("one/_strata_report.html"))
        .content()
        .contains("<h1>translate with demo-model</h1>", "<span class=\"value\">12</span>");
    JsonNode json = new JsonMapper().readTree(reports(".json").get(0).toFile());
    assertThat(json.path("tokens").path("new").asInt()).isEqualTo(first.summary("new tokens"));
    assertThat(json.path("sweeps").asInt()).isEqualTo(first.summary("sweeps"));
    JsonNode executor = json.path("executors").path(0);
    assertThat(executor.path("executor").textValue()).isEqualTo("driver");
    assertThat(executor.path("newTokens").asInt()).isEqualTo(first.summary("new tokens"));
    assertThat(executor.path("hostBytes").asLong())
        .isPositive()
        .isLessThanOrEqualTo(executor.path("hostBudget").asLong());
    double parts =
        executor.path("diskSeconds").asDouble()
            + executor.path("copySeconds").asDouble()
            + executor.path("computeSeconds").asDouble();
    assertThat(parts).isCloseTo(executor.path("sweepSeconds").asDouble(), within(0.01));
    assertThat(tokens(json)).isCloseTo(first.summary("new tokens"), within(1.0));

    CommandResult compared =
        SubmittedCommand.run(List.of("compare", directory.resolve("one").toString(), place));
    assertThat(compared.out())
        .containsSubsequence("options that differ", "  --temperature", "    A  –", "    B  0.5");
  }

  /** What the series adds up to. */
  private static double tokens(JsonNode json) {
    double sum = 0;
    for (JsonNode rate : json.path("rates").path("newTokens")) {
      sum += rate.asDouble();
    }
    return sum * json.path("rates").path("stepSeconds").asDouble();
  }

  @Test
  void aRunThatFailsSaysWhy() throws Exception {
    CommandResult result =
        translate(
            "out",
            "--report-dir",
            directory.resolve("reports").toString(),
            "--where",
            "raise_error('no luck')");
    assertThat(result.exitCode()).isNotZero();
    JsonNode json = new JsonMapper().readTree(reports(".json").get(0).toFile());
    assertThat(json.path("status").textValue()).isEqualTo("failed");
    assertThat(reports(".html").get(0)).content().contains("The run failed: ");
  }

  @Test
  void aRunIsAsGoodWhereItsReportHasNoPlace() throws Exception {
    Path file = Files.writeString(directory.resolve("file"), "x");
    CommandResult result = translate("out", "--report-dir", file.toString());
    assertThat(result.exitCode()).as("%s", result.err()).isZero();
    assertThat(result.out().get(0)).startsWith("12 rows in ");
    assertThat(file).hasContent("x");
  }
}
