package dev.strata.job.it;

import static dev.strata.job.it.Launcher.DEMO_MODEL;
import static dev.strata.job.it.Launcher.ROOT;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The commands on the data sets of the repository. */
class GenerateIT {

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
  void translatesJson() throws Exception {
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
            "--limit",
            "40",
            "--id-column",
            "id",
            "--max-new-tokens",
            "20");

    assertThat(result.exitCode()).as("%s", result.err()).isZero();
    Map<String, JsonObject> rows = Rows.read(out);
    assertThat(rows).hasSize(40);
    for (JsonObject row : rows.values()) {
      assertThat(row.keySet())
          .isEqualTo(
              Set.of(
                  "id",
                  "topic",
                  "text",
                  "completion",
                  "finish_reason",
                  "prompt_tokens",
                  "completion_tokens"));
      assertThat(Rows.text(row, "completion")).isNotBlank();
      assertThat(Rows.text(row, "finish_reason")).isIn("stop", "length");
      assertThat(row.get("prompt_tokens").getAsInt()).isPositive();
      assertThat(row.get("completion_tokens").getAsInt()).isBetween(1, 20);
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
