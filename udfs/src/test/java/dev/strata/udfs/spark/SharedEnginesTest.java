package dev.strata.udfs.spark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.strata.udfs.api.EngineSnapshot;
import dev.strata.udfs.api.GenerationOptions;
import dev.strata.udfs.api.StrataConf;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.StructType;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Queries of one session whose tasks share the executor's engines and its memory. */
@Timeout(120)
class SharedEnginesTest {

  private static final Path MODEL =
      Path.of(System.getProperty("strata.root"), "datasets", "demo-model");

  private static SparkSession spark;
  private static List<String> expected;

  @BeforeAll
  static void start() {
    spark = TestSession.local(2).getOrCreate();
    expected = run(options(MODEL.toString()));
    spark
        .sparkContext()
        .hadoopConfiguration()
        .set("fs.remote.impl", "dev.strata.udfs.store.RemoteFileSystem");
  }

  @AfterAll
  static void stop() {
    spark.stop();
  }

  private static GenerationOptions options(String model, String... leaves) {
    Map<String, String> settings = new HashMap<>();
    settings.put("spark.strata.model", model);
    settings.put("spark.strata.host.memory", "256m");
    settings.put("spark.strata.maxNewTokens", "6");
    for (int i = 0; i < leaves.length; i += 2) {
      settings.put("spark.strata." + leaves[i], leaves[i + 1]);
    }
    StrataConf conf = StrataConf.of(settings);
    return conf.generationOptions(conf.promptOptions());
  }

  private static List<String> run(GenerationOptions options) {
    return run(options, EngineStats.register(spark));
  }

  private static List<String> run(GenerationOptions options, EngineStats stats) {
    Dataset<Row> rows =
        spark
            .createDataFrame(
                IntStream.range(0, 12)
                    .mapToObj(i -> RowFactory.create("A library, number " + i + "."))
                    .toList(),
                StructType.fromDDL("text STRING"))
            .repartition(1);
    return Generation.apply(rows, options, stats).collectAsList().stream()
        .map(row -> row.<String>getAs("text") + row.<String>getAs("completion"))
        .sorted()
        .toList();
  }

  private static CompletableFuture<List<String>> job(String group, GenerationOptions options) {
    return CompletableFuture.supplyAsync(
        () -> {
          spark.sparkContext().setJobGroup(group, group, false);
          return run(options);
        });
  }

  @Test
  void jobsAtTheSameTimeWithOtherOptionsTakeTurnsOrShareTheMemory() {
    List<CompletableFuture<List<String>>> jobs =
        Stream.of("32k", "64k", "128k")
            .map(size -> job(size, options(MODEL.toString(), "tile.size", size)))
            .toList();
    for (CompletableFuture<List<String>> job : jobs) {
      assertThat(job.join()).isEqualTo(expected);
    }
    assertThat(ExecutorEngines.hostBytes()).isBetween(1L, 256L << 20);
  }

  @Test
  void queriesThatExpectOtherRowsShareAnEngine() {
    EngineStats first = EngineStats.register(spark);
    EngineStats second = EngineStats.register(spark);
    assertThat(run(options(MODEL.toString(), "row.tokens", "30"), first)).isEqualTo(expected);
    assertThat(run(options(MODEL.toString(), "row.tokens", "900"), second)).isEqualTo(expected);
    assertThat(second.value().engines().keySet()).isEqualTo(first.value().engines().keySet());
    assertThat(second.value().sum(EngineSnapshot::promptTokens))
        .as("each counts its own work")
        .isEqualTo(first.value().sum(EngineSnapshot::promptTokens))
        .isEqualTo(second.value().rows().promptTokens());
  }

  @Test
  void anEngineIsGoneWhenItsTimeIsOver() throws InterruptedException {
    // It takes the whole budget, so that idle ones of other tests make room.
    run(options(MODEL.toString(), "tile.size", "48k", "idle.timeout", "50ms"));
    while (ExecutorEngines.hostBytes() > 0) {
      TimeUnit.MILLISECONDS.sleep(20);
    }
    assertThat(run(options(MODEL.toString(), "idle.timeout", "0"))).hasSize(12);
  }

  /** The model is copied from a file system that takes minutes for it. */
  @Test
  void aTaskThatIsKilledWhileItsEngineStartsLeavesAtOnce(@TempDir Path cache) throws Exception {
    spark.sparkContext().hadoopConfiguration().set("test.read.millis", "2000");
    CompletableFuture<List<String>> job =
        job("doomed", options("remote:" + MODEL, "model.cacheDir", cache.toString()));
    while (!hasPart(cache)) {
      TimeUnit.MILLISECONDS.sleep(20);
    }
    long start = System.nanoTime();
    spark.sparkContext().cancelJobGroup("doomed");
    assertThatThrownBy(() -> job.get(60, TimeUnit.SECONDS)).hasMessageContaining("cancelled");
    while (spark.sparkContext().statusTracker().getActiveStageIds().length > 0 || isCopying()) {
      TimeUnit.MILLISECONDS.sleep(20);
    }
    assertThat(TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - start)).isLessThan(60);
    spark.sparkContext().hadoopConfiguration().unset("test.read.millis");
    GenerationOptions again = options("remote:" + MODEL, "model.cacheDir", cache.toString());
    assertThat(run(again)).isEqualTo(expected);
  }

  private static boolean hasPart(Path cache) throws IOException {
    try (Stream<Path> files = Files.list(cache)) {
      return files.anyMatch(file -> file.toString().endsWith(".part"));
    }
  }

  private static boolean isCopying() {
    return Thread.getAllStackTraces().keySet().stream()
        .anyMatch(thread -> thread.getName().equals("strata-engine-start"));
  }

  @Test
  void aModelThatFailsAmongGoodOnesIsReplaced(@TempDir Path directory) throws IOException {
    try (Stream<Path> files = Files.list(MODEL)) {
      for (Path file : files.toList()) {
        Files.copy(file, directory.resolve(file.getFileName()));
      }
    }
    String model = directory.toString();
    Path shard = directory.resolve("model-00002-of-00003.safetensors");
    assertThat(run(options(model, "weights.memory", "0"))).isEqualTo(expected);
    try (RandomAccessFile file = new RandomAccessFile(shard.toFile(), "rw")) {
      file.setLength(file.length() / 2);
    }
    assertThatThrownBy(() -> run(options(model, "weights.memory", "0")))
        .hasMessageContaining("the engine failed")
        .hasMessageContaining(shard.getFileName().toString());
    assertThat(run(options(MODEL.toString()))).isEqualTo(expected);
    Files.copy(MODEL.resolve(shard.getFileName()), shard, StandardCopyOption.REPLACE_EXISTING);
    assertThat(run(options(model, "weights.memory", "0"))).isEqualTo(expected);
    assertThat(ExecutorEngines.hostBytes()).isLessThanOrEqualTo(256L << 20);
  }
}
