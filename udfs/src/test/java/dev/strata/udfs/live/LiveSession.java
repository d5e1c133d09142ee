package dev.strata.udfs.live;

import dev.strata.udfs.api.EngineSnapshot;
import dev.strata.udfs.spark.EngineStats;
import dev.strata.udfs.spark.RunProgress;
import dev.strata.udfs.spark.Strata;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.StructType;

/** Sessions with a UI, metrics and an event log. */
final class LiveSession {

  /** Part of the model's name, which pages must not have as it is. */
  static final String WICKED = "<script>alert('1')&";

  /** In every row's text. */
  static final String ROW_TEXT = "Quixotic zebras";

  private LiveSession() {}

  static SparkSession.Builder builder(Path folder) throws IOException {
    return SparkSession.builder()
        .master("local[2]")
        .config("spark.ui.port", 0)
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.driver.bindAddress", "127.0.0.1")
        .config("spark.executor.heartbeatInterval", "1s")
        .config("spark.eventLog.enabled", true)
        .config("spark.eventLog.compress", false)
        .config("spark.eventLog.dir", Files.createDirectories(folder.resolve("log")).toString())
        .config(
            "spark.metrics.conf.*.sink.prometheusServlet.class",
            "org.apache.spark.metrics.sink.PrometheusServlet")
        .config("spark.metrics.conf.*.sink.prometheusServlet.path", "/metrics/prometheus/")
        .config("spark.strata.host.memory", "512m")
        .config("spark.strata.device", "cpu");
  }

  /** The demo model under a name that is markup. */
  static Path model(Path folder) throws IOException {
    Path demo = Path.of(System.getProperty("strata.root"), "datasets", "demo-model");
    Path wicked = folder.resolve("m" + WICKED);
    return Files.exists(wicked) ? wicked : Files.createSymbolicLink(wicked, demo.toRealPath());
  }

  /** So many rows, each asked for so many tokens; nothing runs yet. */
  static Dataset<Row> rows(
      SparkSession spark, Path model, int count, int tokens, EngineStats stats) {
    List<Row> rows =
        IntStream.range(0, count)
            .mapToObj(i -> RowFactory.create(ROW_TEXT + ", number " + i + "."))
            .toList();
    Dataset<Row> input = spark.createDataFrame(rows, StructType.fromDDL("body STRING"));
    return Strata.on(spark)
        .model(model.toString())
        .textColumn("body")
        .set("ignoreStopTokens", true)
        .set("partitions", 2)
        .maxNewTokens(tokens)
        .counting(stats)
        .summarize(input);
  }

  static long tokens(EngineStats stats) {
    RunProgress progress = stats.value();
    return progress.sum(EngineSnapshot::newTokens);
  }
}
