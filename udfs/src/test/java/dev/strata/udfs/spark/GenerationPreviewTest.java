package dev.strata.udfs.spark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.strata.udfs.api.EngineSnapshot;
import dev.strata.udfs.api.GenerationOptions;
import dev.strata.udfs.api.MachineRates;
import dev.strata.udfs.api.PlanPreview;
import dev.strata.udfs.api.StrataConf;
import dev.strata.udfs.api.StrataException;
import dev.strata.udfs.store.RemoteFileSystem;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.StructType;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A preview says what a run of the same rows does. */
class GenerationPreviewTest {

  private static final String MODEL =
      Path.of(System.getProperty("strata.root"), "datasets", "demo-model").toString();

  private static SparkSession spark;

  @BeforeAll
  static void start() {
    spark = TestSession.local(2).getOrCreate();
  }

  @AfterAll
  static void stop() {
    spark.stop();
  }

  @Test
  void countsAreThoseOfTheRun() {
    GenerationOptions options =
        options(
            Map.of(
                "maxNewTokens", "5", "row.options", "max_new_tokens", "ignoreStopTokens", "true"));
    Dataset<Row> rows = rows();
    PlanPreview plan = GenerationPreview.plan(options.engine(), true);

    PromptCounts counts = GenerationPreview.count(rows, options, plan);
    EngineStats stats = EngineStats.register(spark);
    Generation.apply(rows, options, stats).collectAsList();

    RowCounts ran = stats.value().rows();
    assertThat(counts.rows()).isEqualTo(ran.done()).isEqualTo(5);
    assertThat(counts.failed()).isEqualTo(ran.errors()).isEqualTo(3);
    assertThat(counts.failures())
        .containsEntry("column 'text' is null", 1L)
        .containsEntry("max_new_tokens is 0; it must be at least 1", 1L)
        .containsEntry("the prompt fills the model's context of 1,024 tokens", 1L);
    assertThat(counts.undecoded()).isEqualTo(ran.undecoded()).isEqualTo(1);
    assertThat(counts.longest()).isEqualTo(7);
    assertThat(counts.newTokens()).isEqualTo(ran.completionTokens()).isEqualTo(5 + 7);
    assertThat(counts.promptTokens()).isEqualTo(stats.value().sum(EngineSnapshot::promptTokens));
    assertThat(stats.value().sum(EngineSnapshot::weightBytes))
        .isEqualTo(plan.sweepBytes() * stats.value().sum(EngineSnapshot::sweeps));
  }

  @Test
  void promptsThatAreCutCountAsCut() {
    GenerationOptions options =
        options(Map.of("maxNewTokens", "5", "longPrompts", "truncate", "ignoreStopTokens", "true"));
    Dataset<Row> rows = rows();
    PlanPreview plan = GenerationPreview.plan(options.engine(), true);

    PromptCounts counts = GenerationPreview.count(rows, options, plan);
    EngineStats stats = EngineStats.register(spark);
    Generation.apply(rows, options, stats).collectAsList();

    RowCounts ran = stats.value().rows();
    assertThat(counts.failures()).isEqualTo(Map.of("column 'text' is null", 1L));
    assertThat(counts.largestKept()).as("the longest prompt fills the context").isEqualTo(1023);
    assertThat(counts.newTokens()).isEqualTo(ran.completionTokens()).isEqualTo(4 * 5);
    assertThat(counts.promptTokens())
        .isEqualTo(stats.value().sum(EngineSnapshot::promptTokens))
        .isGreaterThan(1000);
  }

  @Test
  void argumentsForATemplateNeedOne(@TempDir Path directory) throws Exception {
    Map<String, String> leaves = Map.of("chat.template.kwargs", "{\"enable_thinking\": false}");
    Generation.validateModel(options(leaves));
    try (Stream<Path> files = Files.list(Path.of(MODEL))) {
      for (Path file : files.filter(f -> !f.endsWith("chat_template.jinja")).toList()) {
        Files.createSymbolicLink(directory.resolve(file.getFileName()), file);
      }
    }
    Map<String, String> base = new HashMap<>(leaves);
    base.put("model", directory.toString());
    assertThatThrownBy(() -> Generation.validateModel(options(base)))
        .isInstanceOf(StrataException.class)
        .hasMessage(
            "the model in %s has no chat template, which --chat-template-kwargs is for; leave it"
                + " out",
            directory);
    assertThatThrownBy(
            () -> Generation.validateModel(options(Map.of("chat.template.kwargs", "false"))))
        .isInstanceOf(StrataException.class)
        .hasMessageStartingWith("--chat-template-kwargs (spark.strata.chat.template.kwargs): ");
  }

  /** What a notebook tells its session alone holds on the driver and on executors. */
  @Test
  void aModelElsewhereIsLookedAtWhereItIs(@TempDir Path directory) throws Exception {
    Path cache = directory.resolve("cache");
    GenerationOptions options =
        options(Map.of("model", "remote:" + MODEL, "model.cacheDir", cache.toString()));
    GenerationOptions local = options(Map.of());
    assertThatThrownBy(() -> Generation.validateModel(options))
        .hasMessageContaining("on a file system 'remote' that this Spark does not know");

    Configuration hadoop = spark.sparkContext().hadoopConfiguration();
    hadoop.set("fs.remote.impl", RemoteFileSystem.class.getName());
    try {
      Generation.validateModel(options);
      PlanPreview plan = GenerationPreview.plan(options.engine(), true);
      assertThat(plan).isEqualTo(GenerationPreview.plan(local.engine(), true));
      assertThat(GenerationPreview.count(rows(), options, plan))
          .isEqualTo(GenerationPreview.count(rows(), local, plan));
      assertThat(Fingerprints.identity(options)).isEqualTo(Fingerprints.identity(local));
      assertThat(GenerationPreview.copiedFrom(options)).contains("remote:" + MODEL);
      assertThat(GenerationPreview.rates(options, true).readBytesPerSecond()).isZero();
      assertThat(cache).doesNotExist();

      Generation.apply(rows().limit(1), options, EngineStats.register(spark)).collectAsList();
      assertThat(cache).as("a run copies").isDirectoryContaining("glob:**/demo-model-*");
    } finally {
      hadoop.unset("fs.remote.impl");
    }
  }

  @Test
  void plansForMachinesWithAndWithoutGpu() {
    GenerationOptions options = options(Map.of("device.memory", "2g"));
    PlanPreview host = GenerationPreview.plan(options.engine(), true);
    assertThat(host.deviceBytes()).isZero();
    assertThat(host.hostBytes()).isBetween(1L << 20, 512L << 20);
    assertThat(host.lines().get(0)).startsWith("memory plan: ");

    PlanPreview gpu = GenerationPreview.plan(options.engine(), false);
    assertThat(gpu.deviceBytes()).isBetween(529L << 20, 2L << 30);
    assertThat(gpu.sweepBytes()).isEqualTo(host.sweepBytes());
  }

  @Test
  void refusesWhatTheEngineWouldRefuse() {
    GenerationOptions options = options(Map.of("host.memory", "1m"));
    assertThatThrownBy(() -> GenerationPreview.plan(options.engine(), true))
        .isInstanceOf(StrataException.class)
        .hasMessageContaining("spark.strata.host.memory is 1 MiB");
  }

  @Test
  void triesTheMachine() {
    MachineRates rates = GenerationPreview.rates(options(Map.of()), true);
    assertThat(rates.readBytesPerSecond()).isPositive();
    assertThat(rates.productSeconds() + rates.productSecondsPerToken()).isPositive();
    assertThat(rates.seconds(2000, 1000, 2, 3))
        .isGreaterThanOrEqualTo(2000 / rates.readBytesPerSecond());
  }

  private static Dataset<Row> rows() {
    StructType schema = StructType.fromDDL("text STRING, max_new_tokens INT");
    return spark.createDataFrame(
        List.of(
            RowFactory.create("A simple program to encrypt files with a password.", null),
            RowFactory.create("A library for reading images, \uFFFD.", 7),
            RowFactory.create(null, null),
            RowFactory.create("A library.", 0),
            RowFactory.create("many words ".repeat(3000), null)),
        schema);
  }

  private static GenerationOptions options(Map<String, String> leaves) {
    Map<String, String> settings = new HashMap<>();
    settings.put("spark.strata.model", MODEL);
    settings.put("spark.strata.host.memory", "512m");
    settings.put("spark.strata.device", "cpu");
    leaves.forEach((leaf, value) -> settings.put("spark.strata." + leaf, value));
    StrataConf conf = StrataConf.of(settings);
    return conf.generationOptions(conf.promptOptions());
  }
}
