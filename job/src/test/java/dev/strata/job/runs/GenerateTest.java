package dev.strata.job.runs;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import dev.strata.job.CommandResult;
import dev.strata.job.Demo;
import dev.strata.job.References;
import dev.strata.job.Rows;
import dev.strata.job.cli.SubmittedCommand;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The commands on the data sets of the repository. */
class GenerateTest {

  @TempDir Path directory;

  @Test
  void summariesAreThoseOfTransformers() throws Exception {
    Path out = directory.resolve("all-summaries");
    CommandResult result =
        SubmittedCommand.small(
            List.of(
                "summarize",
                "--model",
                Demo.MODEL.toString(),
                "--input",
                Demo.ROOT.resolve("datasets/package-descriptions.parquet").toString(),
                "--output",
                out.toString(),
                "--output-format",
                "json",
                "--max-new-tokens",
                "40"));

    assertThat(result.exitCode()).as("%s", result.err()).isZero();
    Map<String, JsonObject> rows = Rows.read(out);
    assertEqualToReference(rows, "summaries");
    assertThat(result.out().get(0))
        .startsWith(rows.size() + " rows in ")
        .endsWith("0 errors: " + out);
    assertThat(result.summary("new tokens")).isBetween(rows.size(), rows.size() * 40);
    assertThat(result.summary("sweeps")).isPositive();
    assertThat(result.err()).allSatisfy(line -> assertThat(line).contains(" rows"));
    try (Stream<Path> files = Files.list(out)) {
      List<String> names = files.map(file -> file.getFileName().toString()).toList();
      assertThat(names).filteredOn(name -> name.startsWith("part-")).hasSize(1);
      assertThat(names).contains("_SUCCESS");
    }
  }

  @Test
  void translationsAreThoseOfTransformers() throws Exception {
    Path out = directory.resolve("translations");
    CommandResult result =
        SubmittedCommand.small(
            Demo.translation(out, "--id-column", "id", "--max-new-tokens", "60"));

    assertThat(result.exitCode()).as("%s", result.err()).isZero();
    Map<String, JsonObject> rows = Rows.read(out);
    assertThat(rows.values())
        .allSatisfy(
            row ->
                assertThat(row.keySet())
                    .containsExactlyInAnyOrder(
                        "id",
                        "topic",
                        "text",
                        "completion",
                        "finish_reason",
                        "prompt_tokens",
                        "completion_tokens",
                        "error"));
    assertEqualToReference(rows, "translations");
  }

  private static void assertEqualToReference(Map<String, JsonObject> rows, String name)
      throws IOException {
    Map<String, JsonObject> references = References.read(name);
    assertThat(rows).hasSameSizeAs(references);
    List<String> clear =
        references.keySet().stream().filter(id -> References.isClear(references.get(id))).toList();
    clear.forEach(id -> References.assertEqual(rows.get(id), references.get(id)));
    assertThat(clear.size()).isGreaterThan(rows.size() * 9 / 10);
  }
}
