package dev.strata.job.runs;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.strata.job.CommandResult;
import dev.strata.job.Demo;
import dev.strata.job.References;
import dev.strata.job.Rows;
import dev.strata.job.cli.SubmittedCommand;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Rows of every bad kind in one partition, each with its own error or a right result. */
class RowsTest {

  private static final List<String> GOOD = List.of("sen-0001", "sen-0002", "sen-0003", "sen-0005");
  private static final int CONTEXT = 1024;
  private static final int NEW_TOKENS = 60;

  @TempDir Path directory;

  @Test
  void badRowsAreErrorsOfTheirOwn() throws Exception {
    Path input = input();
    Path model = modelThatRefuses("FORBIDDEN");

    Map<String, JsonObject> rows = run(model, input, "error");
    assertGoodRows(rows);
    assertError(rows, "null", "column 'text' is null");
    assertError(rows, "missing", "column 'text' is null");
    assertError(rows, "broken", "the line is not a JSON object: this is not JSON");
    assertThat(Rows.text(rows.get("broken too"), "error"))
        .startsWith("the line is not a JSON object in UTF-8 (if it is in another encoding, set");
    assertError(rows, "empty", "column 'text' is empty");
    assertError(rows, "blank", "column 'text' is empty");
    assertError(rows, "zero", "max_new_tokens is 0; it must be at least 1");
    assertError(rows, "huge", "max_new_tokens is '99999999999'; it must be a whole number");
    assertError(
        rows, "template", "the chat template refuses the conversation: not this text, please");
    assertError(
        rows,
        "eleven megabytes",
        "the text has 11,000,088 characters, more than the 1,048,576 that are tokenized at once;"
            + " split it or cut it");
    for (String id : List.of("long", "megabyte")) {
      assertThat(Rows.text(rows.get(id), "error"))
          .matches(
              "the prompt has [0-9]+ tokens, but the model's context holds 1024 and at least one is"
                  + " generated");
    }
    for (String id : List.of("surrogate", "replacement", "control", "nul")) {
      assertThat(Rows.text(rows.get(id), "error")).as(id).isNull();
      assertThat(Rows.text(rows.get(id), "completion")).as(id).isNotNull();
    }

    Map<String, JsonObject> cut = run(model, input, "truncate");
    for (String id : List.of("long", "megabyte", "eleven megabytes")) {
      assertThat(Rows.text(cut.get(id), "error")).as(id).isNull();
      assertThat(cut.get(id).get("prompt_tokens").getAsInt())
          .as(id)
          .isBetween(CONTEXT - NEW_TOKENS - 3, CONTEXT - NEW_TOKENS);
      rows.remove(id);
      cut.remove(id);
    }
    assertThat(cut).isEqualTo(rows);
  }

  private static void assertGoodRows(Map<String, JsonObject> rows) throws IOException {
    Map<String, JsonObject> references = References.read("translations");
    for (String id : GOOD) {
      References.assertEqual(rows.get(id), references.get(id));
    }
  }

  private static void assertError(Map<String, JsonObject> rows, String id, String error) {
    assertThat(Rows.text(rows.get(id), "error")).as(id).isEqualTo(error);
    assertThat(Rows.text(rows.get(id), "finish_reason")).as(id).isEqualTo("error");
    assertThat(Rows.text(rows.get(id), "completion")).as(id).isNull();
  }

  private Map<String, JsonObject> run(Path model, Path input, String longPrompts) throws Exception {
    Path out = directory.resolve(longPrompts);
    CommandResult result =
        SubmittedCommand.small(
            List.of(
                "translate",
                "--to-language",
                "French",
                "--model",
                model.toString(),
                "--input",
                input.toString(),
                "--output",
                out.toString(),
                "--partitions",
                "1",
                "--columns",
                "id",
                "--row-options",
                "max_new_tokens",
                "--max-new-tokens",
                Integer.toString(NEW_TOKENS),
                "--long-prompts",
                longPrompts));
    assertThat(result.exitCode()).as("%s", result.err()).isZero();
    Map<String, JsonObject> rows = read(out);
    long errors = rows.values().stream().filter(row -> !row.get("error").isJsonNull()).count();
    assertThat(result.out().get(0))
        .startsWith(rows.size() + " rows in ")
        .endsWith(errors + " errors: " + out);
    return rows;
  }

  private static Map<String, JsonObject> read(Path out) throws IOException {
    Map<String, JsonObject> rows = new HashMap<>();
    try (Stream<Path> files = Files.list(out)) {
      Path part = files.filter(file -> file.toString().endsWith(".json")).findFirst().orElseThrow();
      for (String line : Files.readAllLines(part)) {
        JsonObject row = JsonParser.parseString(line).getAsJsonObject();
        String id = Rows.text(row, "id");
        String name = id != null ? id : rows.containsKey("broken") ? "broken too" : "broken";
        assertThat(rows.put(name, row)).isNull();
        assertThat(row.keySet())
            .containsExactlyInAnyOrder(
                "id", "completion", "finish_reason", "prompt_tokens", "completion_tokens", "error");
      }
    }
    return rows;
  }

  /** Good rows stand before, between and after the bad ones. */
  private Path input() throws IOException {
    Map<String, JsonObject> sentences = References.sentences();
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    line(bytes, sentences.get(GOOD.get(0)).toString());
    line(bytes, "{'id': 'null', 'text': null}");
    line(bytes, "{'id': 'missing'}");
    line(bytes, "this is not JSON");
    line(bytes, "{'id': 'empty', 'text': ''}");
    line(bytes, "{'id': 'blank', 'text': ' \\n\\t'}");
    line(bytes, sentences.get(GOOD.get(1)).toString());
    line(bytes, "{'id': 'zero', 'text': 'x', 'max_new_tokens': 0}");
    line(bytes, "{'id': 'huge', 'text': 'x', 'max_new_tokens': 99999999999}");
    line(bytes, "{'id': 'template', 'text': 'This is FORBIDDEN.'}");
    line(bytes, "{'id': 'long', 'text': '" + "late again ".repeat(3000) + "'}");
    line(bytes, "{'id': 'megabyte', 'text': '" + "many words ".repeat(90_000) + "'}");
    line(bytes, "{'id': 'eleven megabytes', 'text': '" + "many words ".repeat(1_000_000) + "'}");
    line(bytes, sentences.get(GOOD.get(2)).toString());
    line(bytes, "{'id': 'surrogate', 'text': 'Where \\ud83d is \\udc00 it?'}");
    line(bytes, "{'id': 'replacement', 'text': 'Where \\ufffd is it?'}");
    line(bytes, "{'id': 'control', 'text': 'Where \\u0001\\u0007\\u001b\\u007f is it?'}");
    line(bytes, "{'id': 'nul', 'text': 'Where \\u0000 is it?'}");
    bytes.write(
        "{\"id\": \"no UTF-8\", \"text\": \"Where \u00ff\u00c3 is it?\"}\n"
            .getBytes(StandardCharsets.ISO_8859_1));
    line(bytes, sentences.get(GOOD.get(3)).toString());
    return Files.write(directory.resolve("rows.jsonl"), bytes.toByteArray());
  }

  private static void line(ByteArrayOutputStream bytes, String json) throws IOException {
    String line = json.startsWith("{'") ? json.replace('\'', '"') : json;
    bytes.write((line + "\n").getBytes(StandardCharsets.UTF_8));
  }

  /** The demo model with a template that raises for some texts. */
  private Path modelThatRefuses(String word) throws IOException {
    Path copy = Demo.copyOfModel(directory);
    Path template = copy.resolve("chat_template.jinja");
    String check =
        "{%% if '%s' in messages[0]['content'] %%}{{ raise_exception('not this text, please') }}{%% endif %%}"
            .formatted(word);
    Files.writeString(template, check + Files.readString(template));
    return copy;
  }
}
