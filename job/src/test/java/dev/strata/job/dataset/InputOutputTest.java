package dev.strata.job.dataset;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.strata.udfs.api.StrataException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class InputOutputTest {

  private static SparkSession spark;

  @TempDir Path directory;

  @BeforeAll
  static void start() {
    spark =
        SparkSession.builder()
            .master("local[1]")
            .config("spark.ui.enabled", false)
            .config("spark.driver.host", "127.0.0.1")
            .config("spark.driver.bindAddress", "127.0.0.1")
            .getOrCreate();
  }

  @AfterAll
  static void stop() {
    spark.stop();
  }

  @Test
  void formatsFollowNames() throws IOException {
    Path json = directory.resolve("rows");
    Files.createDirectories(json.resolve("day=1"));
    Files.writeString(json.resolve("day=1/_SUCCESS.json"), "not rows");
    Files.writeString(json.resolve("day=1/a.jsonl"), "{\"text\": \"x\"}\n{\"text\": \"y\"}\n");

    Input input = Input.open(spark, json.toString(), "auto");
    assertThat(input.format()).isEqualTo(DataFormat.JSON);
    assertThat(input.rows().columns()).containsExactly("text", "day");

    String same = directory.resolve("out").toString();
    Output.at(spark, same).write(input.rows(), "auto", input.format());
    assertThat(Input.open(spark, same, "auto").format()).isEqualTo(DataFormat.JSON);
    String other = directory.resolve("out.parquet").toString();
    Output.at(spark, other).write(input.rows(), "auto", input.format());
    assertThat(Input.open(spark, other + "/*", "parquet").rows().count()).isEqualTo(2);
  }

  @Test
  void nothingToRead() throws IOException {
    String absent = directory.resolve("absent.json").toString();
    assertThatThrownBy(() -> Input.open(spark, absent, "auto"))
        .isInstanceOf(StrataException.class)
        .hasMessage("the input %s does not exist", absent);
    Files.writeString(directory.resolve("notes.txt"), "x");
    assertThatThrownBy(() -> Input.open(spark, directory.toString(), "auto"))
        .hasMessageContaining("set --input-format");
    Files.writeString(directory.resolve("bad.parquet"), "x".repeat(100));
    assertThatThrownBy(() -> Input.open(spark, directory + "/bad.parquet", "auto"))
        .isInstanceOf(StrataException.class)
        .hasMessageStartingWith("the input " + directory + "/bad.parquet cannot be read: ");
    assertThatThrownBy(() -> Input.open(spark, "nowhere://x/y", "json"))
        .isInstanceOf(StrataException.class)
        .hasMessageContaining("nowhere");
  }

  @Test
  void existingOutputIsNotTouched() {
    assertThatThrownBy(() -> Output.at(spark, directory.toString()))
        .isInstanceOf(StrataException.class)
        .hasMessage("the output %s exists already; remove it or name another", directory);
  }

  @Test
  void failedWriteLeavesNothing() {
    Path out = directory.resolve("failed");
    Output output = Output.at(spark, out.toString());
    Dataset<Row> rows = spark.range(3).selectExpr("raise_error('no') AS x");
    assertThatThrownBy(() -> output.write(rows, "parquet", DataFormat.PARQUET));
    output.removeIfEmpty();
    assertThat(out).doesNotExist();
  }

  @Test
  void whatOthersWroteIsNotRemoved() throws IOException {
    Path out = directory.resolve("others");
    Output output = Output.at(spark, out.toString());
    Files.createDirectories(out.resolve("theirs"));
    output.removeIfEmpty();
    assertThat(out.resolve("theirs")).exists();
  }
}
