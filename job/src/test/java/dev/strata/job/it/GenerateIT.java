package dev.strata.job.it;

import static dev.strata.job.it.Launcher.DEMO_MODEL;
import static dev.strata.job.it.Launcher.ROOT;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The commands on the data sets of the repository. */
class GenerateIT {

  /** Where a choice is closer, other shapes of products may choose otherwise. */
  private static final double LOW_MARGIN = 1e-3;

  @TempDir Path directory;

  @Test
  void summarizesParquet() throws Exception {
    Path out = directory.resolve("summaries");
    Launcher.Result result =
        Launcher.generate(
            "summarize",
            "--model",
            DEMO_MODEL.toString(),
            "--input",
            ROOT.resolve("datasets/package-descriptions.parquet").toString(),
            "--output",
            out.toString(),
            "--limit",
            "64",
            "--max-new-tokens",
            "8");

    assertThat(result.exitCode()).as("%s", result.err()).isZero();
    assertThat(result.out().get(0)).startsWith("64 rows in ").endsWith("0 errors: " + out);
    assertThat(result.summary("new tokens")).isBetween(64, 64 * 8);
    assertThat(result.summary("sweeps")).isPositive();
    assertThat(result.err()).allSatisfy(line -> assertThat(line).contains(" rows"));
    try (Stream<Path> files = Files.list(out)) {
      List<String> names = files.map(file -> file.getFileName().toString()).toList();
      assertThat(names)
          .filteredOn(name -> name.startsWith("part-"))
          .singleElement()
          .satisfies(name -> assertThat(name).endsWith(".parquet"));
      assertThat(names).contains("_SUCCESS");
    }
  }

  @Test
  void summariesAreThoseOfTransformers() throws Exception {
    Path out = directory.resolve("all-summaries");
    Launcher.Result result =
        Launcher.generate(
            "summarize",
            "--model",
            DEMO_MODEL.toString(),
            "--input",
            ROOT.resolve("datasets/package-descriptions.parquet").toString(),
            "--output",
            out.toString(),
            "--output-format",
            "json",
            "--max-new-tokens",
            "40");

    assertThat(result.exitCode()).as("%s", result.err()).isZero();
    assertEqualToReference(Rows.read(out), "summaries");
  }

  @Test
  void translationsAreThoseOfTransformers() throws Exception {
    Path out = directory.resolve("translations");
    Launcher.Result result =
        Launcher.generate(
            "translate",
            "--to-language",
            "French",
            "--model",
            DEMO_MODEL.toString(),
            "--input",
            ROOT.resolve("datasets/sentences.json").toString(),
            "--output",
            out.toString(),
            "--id-column",
            "id",
            "--max-new-tokens",
            "60");

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

  /** Completions by transformers, made by {@code reference/make_reference.py}. */
  private static void assertEqualToReference(Map<String, JsonObject> rows, String name)
      throws IOException {
    Path reference = ROOT.resolve("job/src/test/resources/reference/" + name + ".jsonl");
    int compared = 0;
    for (String line : Files.readAllLines(reference)) {
      JsonObject expected = JsonParser.parseString(line).getAsJsonObject();
      if (expected.get("least_margin").getAsDouble() > LOW_MARGIN) {
        assertEqual(rows.get(Rows.text(expected, "id")), expected);
        compared++;
      }
    }
    assertThat(rows).hasSize(Files.readAllLines(reference).size());
    assertThat(compared).isGreaterThan(rows.size() * 9 / 10);
  }

  private static void assertEqual(JsonObject row, JsonObject expected) {
    for (String column :
        List.of("completion", "finish_reason", "prompt_tokens", "completion_tokens")) {
      assertThat(row.get(column)).as("%s of %s", column, expected).isEqualTo(expected.get(column));
    }
  }

  @Test
  void rowErrorsStayInTheirRows() throws Exception {
    Path input = directory.resolve("rows.jsonl");
    Files.writeString(
        input,
        """
        {"id": "good", "text": "The train is late.", "max_new_tokens": 4}
        {"id": "null", "text": null}
        {"id": "empty", "text": ""}
        {"id": "long", "text": "%s"}
        {"id": "zero", "text": "The train is late.", "max_new_tokens": 0}
        this is not JSON
        """
            .formatted("late again ".repeat(3000)));
    Path out = directory.resolve("out.json");
    Launcher.Result result =
        Launcher.generate(
            "generate",
            "--model",
            DEMO_MODEL.toString(),
            "--input",
            input.toString(),
            "--output",
            out.toString(),
            "--prompt",
            "Translate the following text to French.\n\n{{text}}",
            "--row-options",
            "max_new_tokens",
            "--stop",
            "]",
            "--stop",
            "\n");

    assertThat(result.exitCode()).as("%s", result.err()).isZero();
    assertThat(result.out().get(0)).startsWith("6 rows in ").endsWith("5 errors: " + out);
    String lines = lines(out);
    assertThat(lines)
        .contains("\"error\":\"column 'text' is null\"")
        .contains("\"error\":\"column 'text' is empty\"")
        .contains("\"error\":\"max_new_tokens is 0; it must be at least 1\"")
        .containsPattern("\"id\":\"long\".*\"finish_reason\":\"error\".*\"error\":\"[^\"]+\"")
        .containsPattern("\"id\":\"good\".*\"completion\":\".+\"");
  }

  private static String lines(Path directory) throws IOException {
    StringBuilder all = new StringBuilder();
    try (Stream<Path> files = Files.list(directory)) {
      for (Path file : files.filter(f -> f.toString().endsWith(".json")).toList()) {
        all.append(Files.readString(file));
      }
    }
    return all.toString();
  }
}
