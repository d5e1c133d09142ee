package dev.strata.job.run;

import static org.assertj.core.api.Assertions.assertThat;

import dev.strata.job.TestSession;
import dev.strata.job.plan.WorkPlan;
import dev.strata.udfs.api.GenerationOptions;
import dev.strata.udfs.api.RunIdentity;
import dev.strata.udfs.api.StrataConf;
import dev.strata.udfs.api.StrataKeys;
import dev.strata.udfs.spark.Fingerprints;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.functions;
import org.apache.spark.sql.types.StructType;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is taken over from an earlier run, without a model. */
class IncrementalRunTest {

  private static final StructType ROWS = StructType.fromDDL("id STRING, text STRING, note INT");
  private static final RunIdentity RUN = new RunIdentity("11111111", "22222222", "33333333");

  private static SparkSession spark;

  @TempDir Path directory;

  @BeforeAll
  static void start() {
    spark =
        TestSession.local(1)
            .config("spark.sql.shuffle.partitions", 1)
            .config("spark.sql.codegen.wholeStage", false) // not worth it for a few rows
            .getOrCreate();
  }

  @AfterAll
  static void stop() {
    spark.stop();
  }

  @Test
  void theSameRowsAreDone() {
    Row[] rows = {row("a", "x", 1), row("b", "y", 2), row("c", null, 3)};
    EarlierRows earlier = earlier("id", null, rows);
    assertThat(earlier.plan(input("id", rows))).isEqualTo(new WorkPlan(3, 0, false));
    assertThat(earlier.runs()).containsExactly(RUN.toString());
  }

  @Test
  void newChangedAndFailedRowsRun() {
    EarlierRows earlier = earlier("id", "b", row("a", "x", 1), row("b", "y", 2), row("c", "z", 3));
    Dataset<Row> now =
        input("id", row("a", "x", 1), row("b", "y", 2), row("c", "Z", 3), row("d", "w", 4));
    assertThat(earlier.plan(now)).isEqualTo(new WorkPlan(4, 3, true));
    assertThat(ids(earlier.toRun(now))).containsExactly("b", "c", "d");
    assertThat(ids(earlier.takenOver(now))).containsExactly("a");
  }

  @Test
  void aColumnThatThePromptDoesNotUseIsTakenFromTheInput() {
    EarlierRows earlier = earlier("id", null, row("a", "x", 1));
    Dataset<Row> now = input("id", row("a", "x", 9));
    assertThat(earlier.plan(now)).isEqualTo(new WorkPlan(1, 0, true));
    Row kept = earlier.takenOver(now).first();
    assertThat(kept.<Integer>getAs("note")).isEqualTo(9);
    assertThat(kept.<String>getAs("completion")).isEqualTo("about x");
  }

  @Test
  void vanishedRowsVanish() {
    EarlierRows earlier = earlier("id", null, row("a", "x", 1), row("b", "y", 2));
    Dataset<Row> now = input("id", row("b", "y", 2));
    assertThat(earlier.plan(now)).isEqualTo(new WorkPlan(1, 0, true));
    assertThat(ids(earlier.takenOver(now))).containsExactly("b");
  }

  @Test
  void withoutIdRowsAreKnownByContent() {
    EarlierRows earlier = earlier(null, null, row("a", "x", 1), row("b", "x", 1));
    assertThat(earlier.plan(input(null, row("b", "x", 1), row("a", "x", 1))))
        .isEqualTo(new WorkPlan(2, 0, false));
    Dataset<Row> three = input(null, row("a", "x", 1), row("b", "x", 1), row("c", "x", 1));
    assertThat(earlier.plan(three)).isEqualTo(new WorkPlan(3, 0, true));
    assertThat(ids(earlier.takenOver(three))).containsExactly("a", "b", "c");
  }

  @Test
  void equalIdsAreToldApartByContent() {
    EarlierRows earlier = earlier("id", null, row("a", "x", 1), row("a", "y", 1));
    assertThat(earlier.plan(input("id", row("a", "x", 1), row("a", "y", 1))))
        .isEqualTo(new WorkPlan(2, 0, false));
    Dataset<Row> now = input("id", row("a", "x", 1), row("a", "z", 1));
    assertThat(earlier.plan(now)).isEqualTo(new WorkPlan(2, 1, true));
    assertThat(earlier.toRun(now).first().<String>getAs("text")).isEqualTo("z");
  }

  @Test
  void nothingAndNothing() {
    EarlierRows none = EarlierRows.none(spark, added());
    assertThat(none.plan(input("id"))).isEqualTo(new WorkPlan(0, 0, false));
    assertThat(none.plan(input("id", row("a", "x", 1)))).isEqualTo(new WorkPlan(1, 1, true));
    assertThat(none.runs()).isEmpty();
  }

  @Test
  void whatAnIdentityDependsOn() {
    RunIdentity identity = Fingerprints.identity(options("id", Map.of()));
    assertThat(Fingerprints.identity(options("id", Map.of("wave.size", "7")))).isEqualTo(identity);
    assertThat(identity.differences(Fingerprints.identity(options("id", Map.of("seed", "7")))))
        .containsExactly("options");
    assertThat(identity.differences(Fingerprints.identity(options("id", Map.of("system", "Hi")))))
        .containsExactly("prompt");
  }

  /** The output of a run whose model says "about" what it is asked, but fails on one row. */
  private EarlierRows earlier(String idColumn, String failed, Row... rows) {
    String out = directory.resolve("out").toString();
    input(idColumn, rows)
        .withColumn("completion", functions.expr("'about ' || text"))
        .withColumn("finish_reason", functions.lit("stop"))
        .withColumn("prompt_tokens", functions.lit(1))
        .withColumn("completion_tokens", functions.lit(1))
        .withColumn(
            "error", functions.expr("CASE WHEN id = '" + failed + "' OR text IS NULL THEN 'e' END"))
        .write()
        .mode("overwrite")
        .json(out);
    return EarlierRows.read(spark, added(), out, "json", Map.of());
  }

  private static StructType added() {
    return Fingerprints.addedColumns(options("id", Map.of()));
  }

  private static Dataset<Row> input(String idColumn, Row... rows) {
    return Fingerprints.add(
        spark.createDataFrame(Arrays.asList(rows), ROWS),
        List.of("id", "text", "note"),
        options(idColumn, Map.of()),
        RUN);
  }

  private static GenerationOptions options(String idColumn, Map<String, String> more) {
    Map<String, String> settings = new HashMap<>();
    settings.put(
        StrataKeys.MODEL.name(), System.getProperty("strata.root") + "/datasets/demo-model");
    if (idColumn != null) {
      settings.put(StrataKeys.ID_COLUMN.name(), idColumn);
    }
    more.forEach((leaf, value) -> settings.put("spark.strata." + leaf, value));
    StrataConf conf = StrataConf.of(settings);
    return conf.generationOptions(conf.promptOptions());
  }

  private static Row row(String id, String text, int note) {
    return RowFactory.create(id, text, note);
  }

  private static List<String> ids(Dataset<Row> rows) {
    return rows.collectAsList().stream().map(row -> row.<String>getAs("id")).sorted().toList();
  }
}
