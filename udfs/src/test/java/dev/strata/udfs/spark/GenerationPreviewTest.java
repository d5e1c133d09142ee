package dev.strata.udfs.spark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.strata.udfs.api.EngineSnapshot;
import dev.strata.udfs.api.GenerationOptions;
import dev.strata.udfs.api.MachineRates;
import dev.strata.udfs.api.PlanPreview;
import dev.strata.udfs.api.StrataConf;
import dev.strata.udfs.api.StrataException;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.StructType;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

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
    assertThat(counts.longest()).isEqualTo(7);
    assertThat(counts.newTokens()).isEqualTo(ran.completionTokens()).isEqualTo(5 + 7);
    assertThat(counts.promptTokens()).isEqualTo(stats.value().sum(EngineSnapshot::promptTokens));
    assertThat(stats.value().sum(EngineSnapshot::weightBytes))
        .isEqualTo(plan.sweepBytes() * stats.value().sum(EngineSnapshot::sweeps));
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
    MachineRates rates = GenerationPreview.rates(options(Map.of()).engine(), true);
    assertThat(rates.readBytesPerSecond()).isPositive();
    assertThat(rates.productSeconds() + rates.productSecondsPerToken()).isPositive();
    assertThat(rates.seconds(1000, 2, 3))
        .isGreaterThanOrEqualTo(2 * 1000 / rates.readBytesPerSecond());
  }

  private static Dataset<Row> rows() {
    StructType schema = StructType.fromDDL("text STRING, max_new_tokens INT");
    return spark.createDataFrame(
        List.of(
            RowFactory.create("A simple program to encrypt files with a password.", null),
            RowFactory.create("A library for reading images.", 7),
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
