package dev.strata.job.runs;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import dev.strata.job.CommandResult;
import dev.strata.job.Demo;
import dev.strata.job.References;
import dev.strata.job.Rows;
import dev.strata.job.cli.SubmittedCommand;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Failed rows are asked again, and all others stay what they are. */
class RetryTest {

  /** Neither many tasks nor compiled queries are worth it. */
  private static final Map<String, String> FEW_ROWS =
      Map.of("spark.sql.shuffle.partitions", "1", "spark.sql.codegen.wholeStage", "false");

  private static final String LONG = "late again ".repeat(600);

  @TempDir Path directory;

  private Path out() {
    return directory.resolve("out");
  }

  /**
   * A run and a retry that end before they are complete, and are continued by the same commands.
   */
  @Test
  void failedRowsAreAskedAgainAndWhatWasBegunIsContinued() throws Exception {
    List<JsonObject> rows = new ArrayList<>(References.sentences(3));
    rows.add(2, row("null", null));
    rows.add(4, row("long", LONG));
    Path input = write(rows, "this is no JSON");

    CommandResult failed = translate(input, "--max-error-rate", "0.1", "--partition-by", "topic");
    assertThat(failed.exitCode()).isEqualTo(4);
    assertThat(out()).doesNotExist();
    assertThat(status())
        .contains(out() + ": not complete: a run was ended before its end")
        .anyMatch(line -> line.matches("  rows finished +3, 0 of them with errors"))
        .anyMatch(line -> line.contains("to continue        strata translate --model "))
        .anyMatch(line -> line.contains("--partition-by topic"));

    CommandResult run = translate(input, "--partition-by", "topic");
    assertThat(run.exitCode()).as("%s", run.err()).isZero();
    assertThat(run.out().get(0)).contains("6 rows in ").contains("3 errors");
    assertThat(run.out()).anyMatch(line -> line.startsWith("  continued          3 rows kept"));
    Map<String, String> before = lines();

    CommandResult early = retry("--long-prompts", "truncate", "--max-error-rate", "0.1");
    assertThat(early.exitCode()).isEqualTo(4);
    assertThat(lines()).isEqualTo(before);
    assertThat(status())
        .contains(out() + ": complete; a later run was ended early")
        .anyMatch(line -> line.matches("  rows +6, 3 with errors, 3 continued .*"))
        .anyMatch(line -> line.matches("  rows finished +1, 0 of them with errors"))
        .anyMatch(line -> line.endsWith("to continue        strata retry-failed " + out()));

    CommandResult again = retry("--long-prompts", "truncate");
    assertThat(again.exitCode()).as("%s", again.err()).isZero();
    assertThat(again.out().get(0))
        .startsWith("2 of 6 rows asked again in ")
        .endsWith(", 1 still fails: " + out());
    assertThat(again.out())
        .contains("  rows kept          4", "  errors             1: column 'text' is null")
        .anyMatch(line -> line.startsWith("  continued          1 rows kept"))
        .anyMatch(line -> line.startsWith("  not asked again    1 row: the input has"));
    Map<String, String> after = lines();
    assertThat(json(after.get("long")).get("error").isJsonNull()).isTrue();
    assertThat(json(after.get("long")).get("completion").isJsonNull()).isFalse();
    before.remove("long");
    after.remove("long");
    assertThat(after).isEqualTo(before);
    assertThat(status())
        .anyMatch(line -> line.matches("  rows +6, 2 with errors, 4 taken over .*"));
    assertThat(directory.toFile().list()).containsExactlyInAnyOrder("out", "rows.json");
  }

  /** The next incremental run finds all rows done, and by what they were asked with. */
  @Test
  void incrementalRunsTakeOverWhatWasAskedAgain() throws Exception {
    Path input = write(References.sentences(3));
    String[] incremental = {"--incremental", "--id-column", "id"};
    assertThat(translate(input, incremental).exitCode()).isZero();
    Map<String, String> before = lines();
    edit(out(), line -> line.contains("sen-0002") ? failed(line) : line);

    CommandResult other = retry("--max-new-tokens", "7");
    assertThat(other.exitCode()).isEqualTo(4);
    assertThat(other.err().get(0)).contains("the output " + out() + " was made with other options");

    leaveJournalOfTheRun();
    CommandResult again = retry();
    assertThat(again.exitCode()).as("%s", again.err()).isZero();
    assertThat(again.out().get(0)).startsWith("1 of 3 rows asked again").contains(", 0 still fail");
    assertThat(lines()).isEqualTo(before);
    assertThat(translate(input, incremental).out())
        .containsExactly("nothing to do: all 3 rows are done, " + out() + " is unchanged");
    assertThat(retry().out())
        .containsExactly("nothing to do: none of the 3 rows of " + out() + " has an error");
  }

  /**
   * Rows that the output has only in part are read from the input again, and known by their ids.
   */
  @Test
  void rowsWithoutTheirTextsAreReadAgain() throws Exception {
    Path input = write(References.sentences(3));
    CommandResult run =
        translate(input, "--columns", "id", "--id-column", "id", "--output-format", "csv");
    assertThat(run.exitCode()).as("%s", run.err()).isZero();
    List<String> before = csv();
    edit(out(), line -> line.startsWith("sen-0002") ? "sen-0002,,error,0,0,no disk" : line);
    assertThat(csv()).isNotEqualTo(before);

    CommandResult again = retry();
    assertThat(again.exitCode()).as("%s", again.err()).isZero();
    assertThat(csv()).isEqualTo(before);

    edit(out(), line -> line.startsWith("sen-0002") ? "sen-0009,,error,0,0,no disk" : line);
    CommandResult gone = retry();
    assertThat(gone.exitCode()).isEqualTo(4);
    assertThat(gone.err().get(0)).contains("the input has 0 rows with the id of the 1 failed rows");
  }

  /** As where a run is killed when its output is complete: it would answer failed rows at once. */
  private void leaveJournalOfTheRun() throws IOException {
    Path journal = Files.createDirectory(directory.resolve(".out.strata-journal"));
    Files.writeString(journal.resolve("run.json"), "{}");
    Files.writeString(journal.resolve("00000-10000_1f0c9a3b77d0e1c2_0-0_5_5be1c07a.arrow"), "x");
    Files.copy(out().resolve("_strata_run"), journal.resolve("_strata_run"));
  }

  @Test
  void requestsOfABatch() throws Exception {
    List<String> requests = new ArrayList<>();
    for (JsonObject sentence : References.sentences(3)) {
      requests.add(request(Rows.text(sentence, "id"), Rows.text(sentence, "text"), ""));
    }
    requests.add(1, request("long", LONG, ""));
    requests.add(3, request("two", "x", ", \"n\": 2"));
    requests.add("no request");
    Path input = Files.write(directory.resolve("rows.json"), requests);
    String[] batch = {"--input-format", "openai-batch"};
    CommandResult run = command("generate", input, batch);
    assertThat(run.out().get(0)).as("%s", run.err()).contains("6 rows in ").contains("3 errors");
    List<String> answers = Files.readAllLines(out().resolve("output.jsonl"));
    List<String> errors = Files.readAllLines(out().resolve("errors.jsonl"));
    assertThat(answers).hasSize(3);

    CommandResult again = retry("--long-prompts", "truncate");
    assertThat(again.exitCode()).as("%s", again.err()).isZero();
    assertThat(again.out().get(0)).startsWith("1 of 6 rows asked again").contains(", 0 still fail");
    List<String> now = Files.readAllLines(out().resolve("output.jsonl"));
    assertThat(now).hasSize(4);
    assertThat(json(now.get(1)).get("custom_id").getAsString()).isEqualTo("long");
    now.remove(1);
    assertThat(now).isEqualTo(answers);
    assertThat(Files.readAllLines(out().resolve("errors.jsonl")))
        .isEqualTo(errors.subList(1, errors.size()));

    CommandResult nothing = retry();
    assertThat(nothing.out().get(0)).startsWith("nothing to do: 2 of the 6 rows of ");
    Files.write(input, requests.subList(1, requests.size()));
    assertThat(retry().err().get(0)).contains("the input is not what it was; answer it anew");
  }

  private static String request(String id, String text, String more) {
    return """
        {"custom_id": "%s", "method": "POST", "url": "/v1/chat/completions", "body": {"model": "m",
         "messages": [{"role": "user", "content": "Translate the following text to French.\\n\\n%s"}]%s}}
        """
        .formatted(id, text, more)
        .replace("\n", "");
  }

  private CommandResult translate(Path input, String... more) {
    return command(
        "translate",
        input,
        Stream.concat(Stream.of("--to-language", "French"), Stream.of(more))
            .toArray(String[]::new));
  }

  private CommandResult command(String word, Path input, String... more) {
    List<String> words = new ArrayList<>(List.of(word, "--model", Demo.MODEL.toString()));
    words.addAll(List.of("--input", input.toString(), "--output", out().toString()));
    words.addAll(List.of("--max-new-tokens", "20"));
    words.addAll(List.of("--host-memory", "512m"));
    words.addAll(List.of(more));
    return SubmittedCommand.run(FEW_ROWS, words);
  }

  private CommandResult retry(String... more) {
    List<String> words = new ArrayList<>(List.of("retry-failed", out().toString()));
    words.addAll(List.of(more));
    return SubmittedCommand.run(FEW_ROWS, words);
  }

  private List<String> status() {
    CommandResult result = SubmittedCommand.run(List.of("status", out().toString()));
    assertThat(result.exitCode()).as("%s", result.err()).isZero();
    return result.out();
  }

  private static JsonObject row(String id, String text) {
    JsonObject row = new JsonObject();
    row.addProperty("id", id);
    row.addProperty("text", text);
    row.addProperty("topic", "007");
    return row;
  }

  private Path write(List<JsonObject> rows, String... more) throws IOException {
    List<String> lines =
        Stream.concat(rows.stream().map(JsonObject::toString), Stream.of(more)).toList();
    return Files.write(directory.resolve("rows.json"), lines);
  }

  private static JsonObject json(String line) {
    return JsonParser.parseString(line).getAsJsonObject();
  }

  /** A row as one is left by a fault that may not come again. */
  private static String failed(String line) {
    JsonObject row = json(line);
    row.add("completion", null);
    row.addProperty("finish_reason", "error");
    row.addProperty("error", "the disk was full");
    return row.toString();
  }

  /** The output's lines, with their directory, by id. */
  private Map<String, String> lines() throws IOException {
    try (Stream<Path> files = Files.walk(out())) {
      return files
          .filter(file -> file.getFileName().toString().matches("part-.*json"))
          .flatMap(RetryTest::lines)
          .collect(
              Collectors.toMap(
                  line -> String.valueOf(json(line).get("id")).replace("\"", ""),
                  line -> line,
                  (a, b) -> a + b,
                  TreeMap::new));
    }
  }

  private List<String> csv() throws IOException {
    try (Stream<Path> files = Files.list(out())) {
      return files
          .filter(file -> file.getFileName().toString().matches("part-.*csv"))
          .flatMap(RetryTest::lines)
          .distinct()
          .sorted()
          .toList();
    }
  }

  private static Stream<String> lines(Path file) {
    try {
      return Files.readAllLines(file).stream();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void edit(Path out, UnaryOperator<String> edit) throws IOException {
    try (Stream<Path> files = Files.list(out)) {
      for (Path file : files.toList()) {
        String name = file.getFileName().toString();
        if (name.startsWith("part-")) {
          Files.write(file, lines(file).map(edit).toList());
          Files.deleteIfExists(file.resolveSibling("." + name + ".crc"));
        }
      }
    }
  }
}
