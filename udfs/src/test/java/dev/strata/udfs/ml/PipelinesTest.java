package dev.strata.udfs.ml;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.apache.spark.ml.Pipeline;
import org.apache.spark.ml.PipelineModel;
import org.apache.spark.ml.PipelineStage;
import org.apache.spark.ml.linalg.Vector;
import org.apache.spark.ml.linalg.Vectors;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.StructType;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Stages in pipelines of Spark ML, fitted, saved and loaded again. */
class PipelinesTest {

  private static final String MODEL =
      Path.of(System.getProperty("strata.root"), "datasets", "demo-model").toString();

  private static SparkSession spark;

  @TempDir Path folder;

  @BeforeAll
  static void start() {
    spark =
        SparkSession.builder()
            .master("local[2]")
            .config("spark.ui.enabled", false)
            .config("spark.driver.host", "127.0.0.1")
            .config("spark.driver.bindAddress", "127.0.0.1")
            .config("spark.sql.shuffle.partitions", 1)
            .config("spark.strata.host.memory", "512m")
            .getOrCreate();
  }

  @AfterAll
  static void stop() {
    spark.stop();
  }

  /** With columns that have the names of a completion's. */
  private static Dataset<Row> rows(String... texts) {
    List<Row> rows = Arrays.stream(texts).map(text -> RowFactory.create(text, "kept")).toList();
    return spark.createDataFrame(rows, StructType.fromDDL("body STRING, error STRING")).coalesce(1);
  }

  private static StrataGenerator translator() {
    return new StrataGenerator()
        .setModel(MODEL)
        .setInputCol("body")
        .setOutputCol("french")
        .setPrompt("Translate the following text to French.\n\n{{body}}")
        .setMaxNewTokens(12);
  }

  private static StrataEmbedder embedder() {
    return new StrataEmbedder().setModel(MODEL).setInputCol("french").setOutputCol("features");
  }

  @Test
  void aPipelineIsFittedSavedAndLoaded() throws Exception {
    Dataset<Row> rows = rows("I am tired.");
    PipelineStage[] stages = {translator(), embedder()};
    PipelineModel model = new Pipeline().setStages(stages).fit(rows);
    List<Row> before = model.transform(rows).collectAsList();
    assertThat(before).hasSize(1);
    Row tired = before.get(0);
    assertThat(tired.<String>getAs("french")).startsWith("Je suis");
    assertThat(tired.<String>getAs("error")).as("the input's own").isEqualTo("kept");
    assertThat(Vectors.norm(tired.<Vector>getAs("features"), 2)).isCloseTo(1, within(1e-4));

    String path = folder.resolve("pipeline").toString();
    model.write().save(path);
    PipelineModel loaded = PipelineModel.load(path);
    assertThat(loaded.transform(rows).collectAsList()).isEqualTo(before);
    assertThat(loaded.transformSchema(rows.schema()).fieldNames())
        .containsExactly("body", "error", "french", "features")
        .isEqualTo(model.transform(rows).columns());
  }

  @Test
  void aStageKeepsItsParams() throws Exception {
    StrataGenerator stage =
        translator().setTemperature(0.5).setTopP(0.9).setTopK(3).setSeed(1L << 40);
    String path = folder.resolve("stage").toString();
    stage.save(path);
    StrataGenerator loaded = StrataGenerator.load(path);
    assertThat(loaded.uid()).isEqualTo(stage.uid());
    assertThat(loaded.extractParamMap().toString()).isEqualTo(stage.extractParamMap().toString());
    assertThat(loaded.explainParams()).contains("maxNewTokens", "current: 12");
  }

  @Test
  void rowsThatFailAreNullAndTold() {
    Row failed = translator().setErrorCol("why").transform(rows((String) null)).first();
    assertThat(failed.<String>getAs("french")).isNull();
    assertThat(failed.<String>getAs("why")).isEqualTo("column 'body' is null");
  }

  @Test
  void columnsAreChecked() {
    StructType schema = StructType.fromDDL("body STRING, n INT");
    assertThatThrownBy(() -> new StrataEmbedder("e").setInputCol("body").transformSchema(schema))
        .hasMessage("e: outputCol: it is not set");
    assertThatThrownBy(() -> translator().setInputCol("bodi").transformSchema(schema))
        .hasMessageContaining("inputCol: the input has no column 'bodi'");
    assertThatThrownBy(() -> translator().setInputCol("n").transformSchema(schema))
        .hasMessageContaining("column 'n' is no text");
    assertThatThrownBy(() -> translator().setOutputCol("n").transformSchema(schema))
        .hasMessageContaining("outputCol: the column 'n' is there already");
  }
}
