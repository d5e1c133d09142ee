package dev.strata.udfs.spark;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.apache.spark.api.java.function.VoidFunction2;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.streaming.DataStreamWriter;
import org.apache.spark.sql.streaming.Trigger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Files that arrive are asked about once each, whether by micro-batches or as a stream. */
class StreamingTest {

  private static final String MODEL =
      Path.of(System.getProperty("strata.root"), "datasets", "demo-model").toString();

  private static SparkSession spark;

  @TempDir Path folder;

  @BeforeAll
  static void start() {
    spark =
        TestSession.local(2)
            .config("spark.sql.shuffle.partitions", 1)
            .config("spark.strata.model", MODEL)
            .config("spark.strata.host.memory", "512m")
            .config("spark.strata.maxNewTokens", 12)
            .getOrCreate();
  }

  @AfterAll
  static void stop() {
    spark.stop();
  }

  private static Dataset<Row> translated(Dataset<Row> rows) {
    return Strata.on(spark).toLanguage("fr").translate(rows);
  }

  private Dataset<Row> arriving() {
    return spark.readStream().schema("id INT, text STRING").json(path("in"));
  }

  private String path(String name) {
    return folder.resolve(name).toString();
  }

  private void arrives(int id, String text) throws Exception {
    Path in = Files.createDirectories(folder.resolve("in"));
    Files.writeString(
        in.resolve(id + ".json"), "{\"id\": %d, \"text\": \"%s\"}\n".formatted(id, text));
  }

  private static void runAll(DataStreamWriter<Row> stream) throws Exception {
    stream.trigger(Trigger.AvailableNow()).start().awaitTermination();
  }

  private List<String> completions() {
    return spark
        .read()
        .parquet(path("out"))
        .orderBy("id")
        .select("completion")
        .collectAsList()
        .stream()
        .map(row -> row.getString(0))
        .toList();
  }

  @Test
  void microBatches() throws Exception {
    VoidFunction2<Dataset<Row>, Long> write =
        (batch, id) -> translated(batch).write().mode("append").parquet(path("out"));
    arrives(1, "I am tired.");
    runAll(stream(write));
    arrives(2, "It is cold.");
    runAll(stream(write));
    assertThat(completions()).hasSize(2).first().isEqualTo("Je suis fatigué.");
  }

  private DataStreamWriter<Row> stream(VoidFunction2<Dataset<Row>, Long> write) {
    return arriving().writeStream().option("checkpointLocation", path("state")).foreachBatch(write);
  }

  @Test
  void aStream() throws Exception {
    arrives(1, "I am tired.");
    runAll(
        translated(arriving())
            .writeStream()
            .format("parquet")
            .option("checkpointLocation", path("state"))
            .option("path", path("out")));
    assertThat(completions()).isEqualTo(List.of("Je suis fatigué."));
  }
}
