package dev.strata.job.runs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.strata.job.CommandResult;
import dev.strata.job.Demo;
import dev.strata.job.Rows;
import dev.strata.job.cli.SubmittedCommand;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * {@code strata score} and {@code strata embed}, beside what transformers finds (make_scores.py).
 */
class ScoreTest {

  /** Of a token's log-probability; those of a text add up. */
  private static final double CLOSE = 1e-4;

  @TempDir Path directory;

  private List<JsonObject> references;
  private Path input;

  @BeforeEach
  void writeInput() throws IOException {
    references = new ArrayList<>();
    try (Reader file =
        new InputStreamReader(
            ScoreTest.class.getResourceAsStream("/reference/scores.json"),
            StandardCharsets.UTF_8)) {
      for (JsonElement row : JsonParser.parseReader(file).getAsJsonArray()) {
        references.add(row.getAsJsonObject());
      }
    }
    input = directory.resolve("in.jsonl");
    Files.write(input, references.stream().map(ScoreTest::inputLine).toList());
  }

  private static String inputLine(JsonObject reference) {
    JsonObject row = new JsonObject();
    for (String field : List.of("id", "prompt", "text")) {
      row.add(field, reference.get(field));
    }
    return row.toString();
  }

  private CommandResult run(String command, Path in, Path out, String... more) {
    List<String> words = new ArrayList<>(List.of(command, "--model", Demo.MODEL.toString()));
    words.addAll(List.of("--input", in.toString(), "--input-format", "json"));
    words.addAll(List.of("--output", out.toString(), "--output-format", "json"));
    words.addAll(Arrays.asList(more));
    return SubmittedCommand.small(words);
  }

  private Map<String, JsonObject> rows(String command, Path in, String... more) throws IOException {
    Path out = directory.resolve("out");
    CommandResult result = run(command, in, out, more);
    assertThat(result.exitCode()).as("%s", result.err()).isZero();
    return Rows.read(out);
  }

  private static void assertScore(JsonObject row, JsonObject expected) {
    int tokens = expected.get("tokens").getAsInt();
    double sum = expected.get("log_likelihood").getAsDouble();
    Offset<Double> close = within(tokens * CLOSE);
    assertThat(row.get("tokens").getAsInt()).isEqualTo(tokens);
    assertThat(row.get("log_likelihood").getAsDouble()).isCloseTo(sum, close);
    assertThat(Math.log(row.get("perplexity").getAsDouble()))
        .isCloseTo(-sum / tokens, within(CLOSE));
    assertThat(row.get("is_greedy").getAsBoolean())
        .isEqualTo(expected.has("is_greedy") && expected.get("is_greedy").getAsBoolean());
  }

  @Test
  void textsBehindPromptsAreScoredAsEvaluationsScoreThem() throws IOException {
    Map<String, JsonObject> rows =
        rows("score", input, "--prompt", "{{prompt}}", "--score-tokens", "--where", "id <> 'long'");
    assertThat(rows).hasSize(24);
    int greedy = 0;
    for (JsonObject reference : references.subList(0, 24)) {
      JsonObject row = rows.get(reference.get("id").getAsString());
      JsonObject expected = reference.getAsJsonObject("behind");
      assertScore(row, expected);
      greedy += row.get("is_greedy").getAsBoolean() ? 1 : 0;
      JsonArray tokens = row.getAsJsonArray("token_log_probs");
      JsonArray all = expected.getAsJsonArray("token_log_probs");
      assertThat(tokens).hasSameSizeAs(all);
      for (int i = 0; i < all.size(); i++) {
        assertThat(tokens.get(i).getAsDouble()).isCloseTo(all.get(i).getAsDouble(), within(CLOSE));
      }
    }
    assertThat(greedy).isPositive();
  }

  /** The long one in windows, by one partition or several. */
  @Test
  void textsAreScoredAlone() throws IOException {
    Map<String, JsonObject> rows =
        rows(
            "score",
            input,
            "--score-window",
            "96",
            "--score-stride",
            "40",
            "--partitions",
            "2",
            "--wave-size",
            "3");
    assertThat(rows).hasSize(25);
    for (JsonObject reference : references.subList(0, 24)) {
      JsonObject row = rows.get(reference.get("id").getAsString());
      assertScore(row, reference.getAsJsonObject("alone"));
      assertThat(row.has("token_log_probs")).isFalse();
    }
    assertScore(rows.get("long"), references.get(24).getAsJsonObject("windows"));
  }

  @Test
  void aRowThatCannotBeScoredSaysWhy() throws IOException {
    Path bad = directory.resolve("bad.jsonl");
    Files.writeString(
        bad,
        """
        {"id": "good", "prompt": "I am", "text": " tired."}
        {"id": "null", "prompt": "I am", "text": null}
        {"id": "missing", "prompt": "I am"}
        {"id": "empty", "prompt": "I am", "text": ""}
        {"id": "blank", "prompt": "I am", "text": "  "}
        {"id": "no prompt", "prompt": null, "text": " tired."}
        {"id": "long", "prompt": "I am", "text": "%s"}
        """
            .formatted("very ".repeat(1500)));
    Map<String, JsonObject> rows = rows("score", bad, "--prompt", "{{prompt}}");
    assertThat(Rows.text(rows.get("good"), "error")).isNull();
    assertError(rows, "null", "column 'text' is null");
    assertError(rows, "missing", "column 'text' is null");
    assertError(rows, "empty", "column 'text' is empty");
    assertError(rows, "blank", "column 'text' is empty");
    assertError(rows, "no prompt", "column 'prompt' is null");
    assertThat(Rows.text(rows.get("long"), "error"))
        .matches("the text has \\d+ tokens, but the model's context holds 1024");
  }

  private static void assertError(Map<String, JsonObject> rows, String id, String error) {
    assertThat(Rows.text(rows.get(id), "error")).as(id).isEqualTo(error);
    for (String column : List.of("log_likelihood", "tokens", "perplexity", "is_greedy")) {
      assertThat(rows.get(id).get(column).isJsonNull()).as(column).isTrue();
    }
  }

  @Test
  void whatMakesNoSenseIsRefused() {
    assertRefused(
        "the input has no column 'body', which the prompt names", "--text-column", "body");
    assertRefused("--system", "--system", "Be brief.");
    assertRefused("stride of 50 would leave", "--score-window", "40", "--score-stride", "50");
    assertRefused("--max-new-tokens", "--max-new-tokens", "3");
  }

  private void assertRefused(String reason, String... options) {
    CommandResult result = run("score", input, directory.resolve("refused"), options);
    assertThat(result.exitCode()).as("%s", result.err()).isEqualTo(2);
    assertThat(String.join("\n", result.err())).contains(reason);
  }

  /** A dry run counts the same tokens, and a run that is repeated has nothing to do. */
  @Test
  void aRunIsPlannedAndTakenUpAgain() throws IOException {
    String[] options = {"--where", "id <> 'long'", "--id-column", "id", "--incremental"};
    Path out = directory.resolve("out");
    List<String> dryOptions = new ArrayList<>(Arrays.asList(options));
    dryOptions.add("--dry-run");
    CommandResult dry = run("score", input, out, dryOptions.toArray(String[]::new));
    assertThat(dry.exitCode()).as("%s", dry.err()).isZero();
    CommandResult first = run("score", input, out, options);
    assertThat(first.exitCode()).as("%s", first.err()).isZero();
    assertThat(dry.summary("prompt tokens")).isEqualTo(first.summary("prompt tokens"));
    assertThat(dry.summary("new tokens")).isZero();
    assertThat(first.summary("new tokens")).isZero();
    Map<String, JsonObject> rows = Rows.read(out);
    assertThat(run("score", input, out, options).out().get(0)).startsWith("nothing to do: all 24");
    assertThat(Rows.read(out)).isEqualTo(rows);
    assertThat(run("score", input, out, "--prompt", "{{prompt}}", "--incremental").exitCode())
        .as("what is asked has changed")
        .isEqualTo(4);
  }

  /** Rows that failed are asked again, as the run did that wrote them. */
  @Test
  void failedRowsAreScoredAgain() throws IOException {
    Path out = directory.resolve("out");
    CommandResult first = run("score", input, out, "--text-column", "prompt", "--id-column", "id");
    assertThat(first.exitCode()).as("%s", first.err()).isZero();
    assertThat(Rows.text(Rows.read(out).get("long"), "error")).isEqualTo("column 'prompt' is null");
    CommandResult again =
        SubmittedCommand.small(List.of("retry-failed", out.toString(), "--text-column", "text"));
    assertThat(again.exitCode()).as("%s", again.err()).isZero();
    JsonObject row = Rows.read(out).get("long");
    assertThat(Rows.text(row, "error")).isNull();
    assertThat(row.get("tokens").getAsInt()).isPositive();
  }

  @Test
  void textsGetVectors() throws IOException {
    Map<String, JsonObject> rows = rows("embed", input);
    assertThat(rows).hasSize(25);
    for (JsonObject row : rows.values()) {
      JsonArray vector = row.getAsJsonArray("embedding");
      double squares = 0;
      for (JsonElement each : vector) {
        squares += each.getAsDouble() * each.getAsDouble();
      }
      assertThat(vector).hasSize(256);
      assertThat(squares).isCloseTo(1, within(1e-4));
      assertThat(row.get("prompt_tokens").getAsInt()).isPositive();
    }
  }
}
