package dev.strata.udfs.spark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.strata.udfs.api.EngineSnapshot;
import dev.strata.udfs.api.GenerationOptions;
import dev.strata.udfs.api.StrataConf;
import dev.strata.udfs.api.StrataException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.ShuffleDependency;
import org.apache.spark.api.java.function.ForeachPartitionFunction;
import org.apache.spark.rdd.RDD;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.StructType;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import scala.jdk.javaapi.CollectionConverters;

/** A run that did not end, and the one that continues it. */
class JournaledRunTest {

  private static final String MODEL =
      Path.of(System.getProperty("strata.root"), "datasets", "demo-model").toString();
  private static final int ROWS = 24;

  private static SparkSession spark;
  private static Map<String, Row> undisturbed;

  @TempDir Path directory;

  @BeforeAll
  static void start() {
    spark =
        TestSession.local(2)
            .config("spark.sql.shuffle.partitions", 2)
            .config("spark.strata.host.memory", "512m")
            .getOrCreate();
    undisturbed = byId(strata(null).translate(rows()));
  }

  @AfterAll
  static void stop() {
    spark.stop();
  }

  private static Dataset<Row> rows() {
    List<String> words = List.of("box", "tree", "sea", "house", "dog", "night");
    List<Row> rows =
        IntStream.range(0, ROWS)
            .mapToObj(
                i ->
                    RowFactory.create(
                        "row " + i, "The %s is %d years old.".formatted(words.get(i % 6), i)))
            .toList();
    return spark.createDataFrame(rows, StructType.fromDDL("id STRING, text STRING"));
  }

  private static Strata strata(RunJournal journal) {
    return Strata.on(spark)
        .model(MODEL)
        .idColumn("id")
        .toLanguage("French")
        .maxNewTokens(12)
        .partitions(2)
        .journaled(journal);
  }

  private static GenerationOptions options(String... more) {
    Map<String, String> settings = new HashMap<>();
    settings.put("spark.strata.model", MODEL);
    settings.put("spark.strata.toLanguage", "French");
    for (int i = 0; i < more.length; i += 2) {
      settings.put("spark.strata." + more[i], more[i + 1]);
    }
    StrataConf conf = StrataConf.of(settings);
    return conf.generationOptions(Prompts.translate(conf));
  }

  private RunJournal journal(GenerationOptions options, boolean fresh) {
    return RunJournal.open(
        new Configuration(false),
        directory.resolve("journal").toString(),
        Duration.ofMillis(50),
        options,
        fresh);
  }

  private static Map<String, Row> byId(Dataset<Row> rows) {
    return rows.collectAsList().stream()
        .collect(Collectors.toMap(row -> row.getAs("id"), row -> row));
  }

  @Test
  void aRunThatBrokeOffIsContinued() {
    RunJournal journal = journal(options(), false);
    ForeachPartitionFunction<Row> breaksOff =
        rows -> {
          rows.next();
          throw new IllegalStateException("the disk is full");
        };
    assertThatThrownBy(() -> strata(journal).translate(rows()).foreachPartition(breaksOff))
        .hasMessageContaining("the disk is full");

    EngineStats stats = EngineStats.register(spark);
    Map<String, Row> rows = byId(strata(journal).counting(stats).translate(rows()));
    assertThat(rows).isEqualTo(undisturbed);
    RowCounts counts = stats.value().rows();
    assertThat(counts.kept()).isPositive();
    assertThat(counts.resumed()).isPositive();
    assertThat(counts.keptTokens()).isPositive();

    EngineStats again = EngineStats.register(spark);
    assertThat(byId(strata(journal).counting(again).partitions(3).translate(rows())))
        .as("with other partitions")
        .isEqualTo(undisturbed);
    assertThat(again.value().rows().kept()).isEqualTo(ROWS);
    assertThat(again.value().sum(EngineSnapshot::newTokens)).as("nothing is computed").isZero();
    assertThat(strata(journal(options(), true)).counting(again).translate(rows()).count())
        .isEqualTo(ROWS);
  }

  @Test
  void ofWhatRowsAskNothingMayDiffer() throws IOException {
    journal(options("maxNewTokens", "12"), false);
    journal(options("maxNewTokens", "13"), false); // nothing was produced yet
    Path segment = directory.resolve("journal/00000-10000_0000000000000000_0-0_1_00000000.arrow");
    Files.write(segment, new byte[1]);
    journal(options("maxNewTokens", "13", "host.memory", "1g", "partitions", "7"), false);
    assertThatThrownBy(() -> journal(options("maxNewTokens", "12", "temperature", "0.5"), false))
        .isInstanceOf(StrataException.class)
        .hasMessage(
            "%s has what another run produced before it ended: --max-new-tokens was 13 and is 12,"
                    .formatted(directory.resolve("journal"))
                + " --temperature was the model's and is 0.5; run it as before to continue, or set"
                + " --fresh (spark.strata.fresh) to throw that away and start over");
    assertThatThrownBy(() -> journal(options("maxNewTokens", "13", "system", "Be brief."), false))
        .hasMessageContaining("ended: the prompt changed;");
    Files.writeString(directory.resolve("journal/run.json"), "{\"versi");
    assertThatThrownBy(() -> journal(options("maxNewTokens", "13"), false))
        .hasMessageContaining("ended: it does not say which; run it as before");
    journal(options("maxNewTokens", "12"), true);
    assertThat(segment).doesNotExist();
  }

  @Test
  void aDirectoryThatCannotBeWrittenIsSaidBeforeAnythingRuns() throws IOException {
    Files.writeString(directory.resolve("journal"), "a file");
    assertThatThrownBy(() -> journal(options(), false))
        .isInstanceOf(StrataException.class)
        .hasMessageContaining("cannot be written")
        .hasMessageContaining("--journal-interval (spark.strata.journal.interval) never");
  }

  @Test
  void rowsOfFilesAreDealtWithoutAShuffle() {
    String files = directory.resolve("rows").toString();
    rows().repartition(3).write().json(files);
    Dataset<Row> input = spark.read().schema("id STRING, text STRING").json(files);
    Dataset<Row> two = dealt(input, 2);
    assertThat(isShuffled(two.rdd())).isFalse();
    assertThat(isShuffled(dealt(input.limit(20), 2).rdd())).as("any 20 of them").isTrue();
    assertThat(dealtTo(two)).isEqualTo(dealtTo(dealt(input.repartition(5), 2)));
    assertThat(dealtTo(dealt(input, 1)).values()).containsOnly(0);
    assertThat(dealtTo(two).keySet()).containsExactlyInAnyOrderElementsOf(undisturbed.keySet());
  }

  @Test
  void rowsThatMayDifferWhenTheyAreReadAgainAreShuffled() {
    assertThat(isShuffled(dealt(rows().repartition(3), 2).rdd())).isTrue();
    assertThat(isShuffled(dealt(rows(), 100).rdd())).as("each would read all").isTrue();
    for (int partitions : new int[] {1, 2, 3, 100}) {
      assertThat(dealtTo(dealt(rows().repartition(3), partitions)))
          .isEqualTo(dealtTo(dealt(rows(), partitions)));
    }
  }

  private static Dataset<Row> dealt(Dataset<Row> input, int partitions) {
    RowPrompts prompts = RowPrompts.of(options("id.column", "id"), new TextColumns(input.schema()));
    Dataset<Row> dealt = DealtRows.of(input, partitions, new RowBucket(prompts));
    assertThat(dealt.rdd().getNumPartitions()).isEqualTo(partitions);
    return dealt;
  }

  /** The partition of each row. */
  private static Map<String, Integer> dealtTo(Dataset<Row> rows) {
    List<List<Row>> partitions = rows.toJavaRDD().glom().collect();
    return IntStream.range(0, partitions.size())
        .boxed()
        .flatMap(i -> partitions.get(i).stream().map(row -> Map.entry(row.<String>getAs("id"), i)))
        .collect(Collectors.toMap(Map.Entry::getKey, Map.Entry::getValue));
  }

  private static boolean isShuffled(RDD<?> rows) {
    return Stream.of(rows)
        .flatMap(rdd -> CollectionConverters.asJava(rdd.dependencies()).stream())
        .anyMatch(parent -> parent instanceof ShuffleDependency || isShuffled(parent.rdd()));
  }
}
