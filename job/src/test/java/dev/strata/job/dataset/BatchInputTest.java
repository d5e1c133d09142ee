package dev.strata.job.dataset;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.strata.job.TestSession;
import dev.strata.udfs.api.StrataException;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import java.util.zip.GZIPOutputStream;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BatchInputTest {

  private static SparkSession spark;

  @TempDir Path directory;

  @BeforeAll
  static void start() {
    spark = TestSession.local(1).getOrCreate();
  }

  @AfterAll
  static void stop() {
    spark.stop();
  }

  @Test
  void linesOfSeveralFiles() throws IOException {
    Files.writeString(
        directory.resolve("a.jsonl"), "\uFEFF" + request("one") + "\r\n\n" + request("two") + "\n");
    try (OutputStream zipped =
        new GZIPOutputStream(Files.newOutputStream(directory.resolve("b.jsonl.gz")))) {
      zipped.write(
          (request("one") + "\nnot JSON\n{\"body\": {}}\n" + request("three"))
              .getBytes(StandardCharsets.UTF_8));
    }
    Files.writeString(directory.resolve("_SUCCESS"), "");

    List<Row> rows = open(directory).rows().orderBy("position").collectAsList();

    assertThat(column(rows, "custom_id"))
        .isEqualTo(Arrays.asList("one", "two", "one", null, null, "three"));
    assertThat(column(rows, "line")).containsExactly(1L, 3L, 1L, 2L, 3L, 4L);
    assertThat(column(rows, "refusal_code"))
        .isEqualTo(
            Arrays.asList(
                null, null, "duplicate_custom_id", "invalid_json_line", "missing_custom_id", null));
    assertThat(rows.get(2).<String>getAs("refusal"))
        .isEqualTo(
            "custom_id one is in line 1 of a.jsonl already; line 1 of b.jsonl.gz is left out");
    assertThat(rows.get(3).<String>getAs("refusal"))
        .startsWith("line 2 of b.jsonl.gz: the line is not JSON: Unrecognized token 'not'");
    assertThat(rows.get(4).<String>getAs("refusal"))
        .isEqualTo("line 3 of b.jsonl.gz: the line has no custom_id");
    assertThat(rows.get(5).<String>getAs("prompt")).isEqualTo("x");
    assertThat(rows.get(5).<Integer>getAs("max_new_tokens")).isEqualTo(3);
  }

  @Test
  void requestsAreNotTakenForRows() throws IOException {
    Path file = directory.resolve("requests.jsonl");
    Files.writeString(file, request("one") + "\n");
    assertThatThrownBy(() -> Input.open(spark, Confs.of("input", file)))
        .isInstanceOf(StrataException.class)
        .hasMessageContaining("set --input-format openai-batch to answer them");
    assertThat(Input.open(spark, Confs.of("input", file, "input.format", "json")).rows().columns())
        .contains("custom_id");
  }

  @Test
  void nothingToRead() {
    assertThatThrownBy(() -> open(directory.resolve("absent.jsonl")))
        .isInstanceOf(StrataException.class)
        .hasMessageEndingWith("absent.jsonl does not exist");
  }

  @Test
  void batchesAnswerBatches() {
    assertThatThrownBy(
            () -> Output.at(spark, Confs.of("output", "out", "output.format", "openai-batch")))
        .isInstanceOf(StrataException.class)
        .hasMessage(
            "--input-format is auto and --output-format openai-batch; openai-batch answers"
                + " openai-batch alone");
    assertThatThrownBy(
            () ->
                Output.at(
                    spark,
                    Confs.of("output", "out", "input.format", "openai-batch", "mode", "append")))
        .isInstanceOf(StrataException.class)
        .hasMessageStartingWith("--mode append means nothing to openai-batch");
  }

  private static Input open(Path location) {
    return Input.open(spark, Confs.of("input", location, "input.format", "openai-batch"));
  }

  private static String request(String id) {
    return ("{\"custom_id\": \"%s\", \"url\": \"/v1/completions\","
            + " \"body\": {\"prompt\": \"x\", \"max_tokens\": 3}}")
        .formatted(id);
  }

  private static List<Object> column(List<Row> rows, String name) {
    return rows.stream()
        .<Object>map(row -> row.getAs(name))
        .collect(Collectors.toCollection(ArrayList::new));
  }
}
