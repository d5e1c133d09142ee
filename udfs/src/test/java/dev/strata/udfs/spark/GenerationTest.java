package dev.strata.udfs.spark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.strata.udfs.api.EngineSnapshot;
import dev.strata.udfs.api.GenerationOptions;
import dev.strata.udfs.api.PromptOptions;
import dev.strata.udfs.api.StrataConf;
import dev.strata.udfs.api.StrataException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.spark.api.java.function.MapFunction;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.StructType;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The partition function on the demo model. */
class GenerationTest {

  private static final String MODEL =
      Path.of(System.getProperty("strata.root"), "datasets", "demo-model").toString();
  private static final StructType TEXTS = StructType.fromDDL("id STRING, text STRING");

  private static final AtomicInteger READ = new AtomicInteger();
  private static final AtomicInteger EMITTED = new AtomicInteger();
  private static final AtomicInteger MOST_AHEAD = new AtomicInteger();

  private static SparkSession spark;

  @BeforeAll
  static void start() {
    spark = TestSession.local(2).config("spark.sql.shuffle.partitions", 2).getOrCreate();
  }

  @AfterAll
  static void stop() {
    spark.stop();
  }

  @Test
  void oneOutputRowForEachInputRow() {
    Dataset<Row> input =
        rows(
            TEXTS,
            RowFactory.create("good", "A simple program to encrypt files with a password."),
            RowFactory.create("null", null),
            RowFactory.create("empty", " \n"),
            RowFactory.create("long", "many words ".repeat(3000)),
            RowFactory.create("good", "A library for reading images."));
    EngineStats stats = EngineStats.register(spark);

    List<Row> output = run(input, options(Map.of("maxNewTokens", "5")), stats);

    assertThat(output).hasSize(5);
    assertThat(output.get(0).schema().fieldNames())
        .containsExactly(
            "id",
            "text",
            "completion",
            "finish_reason",
            "prompt_tokens",
            "completion_tokens",
            "error");
    assertThat(errors(output))
        .containsEntry("null", "column 'text' is null")
        .containsEntry("empty", "column 'text' is empty")
        .containsEntry("good", null)
        .hasEntrySatisfying("long", error -> assertThat(error).isNotBlank());
    for (Row row : output) {
      boolean failed = row.getAs("error") != null;
      assertThat(row.<String>getAs("finish_reason").equals("error")).isEqualTo(failed);
      assertThat(row.getAs("completion") == null).isEqualTo(failed);
      assertThat(row.<Integer>getAs("completion_tokens") == 0).isEqualTo(failed);
    }
    assertThat(stats.value().rows().done()).isEqualTo(5);
    assertThat(stats.value().rows().errors()).isEqualTo(3);
    assertThat(stats.value().sum(EngineSnapshot::sweeps)).isPositive();
  }

  @Test
  void rowsOverrideOptions() {
    StructType schema = TEXTS.add("max_new_tokens", "bigint").add("stop", "array<string>");
    Object stop = List.of(" ").toArray();
    Dataset<Row> input =
        rows(
            schema,
            RowFactory.create("three", "A simple program.", 3L, null),
            RowFactory.create("default", "A simple program.", null, null),
            RowFactory.create("bad", "A simple program.", 0L, null),
            RowFactory.create("stop", "A simple program.", 30L, stop));
    GenerationOptions options =
        options(
            Map.of(
                "maxNewTokens", "6",
                "ignoreStopTokens", "true",
                "row.options", "max_new_tokens,stop"));

    Map<String, Row> output = byId(run(input, options, EngineStats.register(spark)));

    assertThat(output.get("three").<Integer>getAs("completion_tokens")).isEqualTo(3);
    assertThat(output.get("default").<Integer>getAs("completion_tokens")).isEqualTo(6);
    assertThat(output.get("bad").<String>getAs("error"))
        .isEqualTo("max_new_tokens is 0; it must be at least 1");
    assertThat(output.get("stop").<String>getAs("finish_reason")).isEqualTo("stop");
    assertThat(output.get("stop").<String>getAs("completion")).doesNotContain(" ");
  }

  @Test
  void conversationsAndPromptsAgree() {
    StructType schema =
        StructType.fromDDL(
            "id STRING, text STRING, chat ARRAY<STRUCT<role: STRING, content: STRING>>");
    String text = "Translate the following text to French.\n\nI am tired.";
    Object chat = new Object[] {RowFactory.create("user", text)};
    Dataset<Row> input = rows(schema, RowFactory.create("a", text, chat));

    Row fromText = run(input, options(Map.of()), EngineStats.register(spark)).get(0);
    Row fromChat =
        run(input, options(Map.of("messages.column", "chat")), EngineStats.register(spark)).get(0);

    assertThat(fromChat).isEqualTo(fromText);
    assertThat(fromText.<String>getAs("completion")).isNotBlank();
  }

  @Test
  void longPromptsAreCutOnRequest() {
    String many = "many words ".repeat(3000);
    Dataset<Row> input =
        rows(TEXTS, RowFactory.create("a", many), RowFactory.create("b", "A box."));
    Map<String, String> conf = Map.of("maxNewTokens", "20", "longPrompts", "truncate");
    Map<String, Row> output = byId(run(input, options(conf), EngineStats.register(spark)));

    assertThat(errors(List.copyOf(output.values()))).containsEntry("a", null);
    assertThat(output.get("a").<Integer>getAs("prompt_tokens")).isBetween(1001, 1004);
    assertThat(output.get("a").<String>getAs("text")).isEqualTo(many);
    Dataset<Row> one = rows(TEXTS, RowFactory.create("b", "A box."));
    Row whole = run(one, options(Map.of("maxNewTokens", "20")), EngineStats.register(spark)).get(0);
    assertThat(output.get("b")).isEqualTo(whole);
    assertThat(
            errors(
                run(
                    one,
                    options(Map.of("maxNewTokens", "1024", "longPrompts", "truncate")),
                    EngineStats.register(spark))))
        .containsEntry(
            "b",
            "the prompt cannot be cut to 0 tokens, which is what the new tokens leave of the"
                + " model's context");
  }

  @Test
  void someColumnsComeOut() {
    Dataset<Row> input =
        rows(TEXTS, RowFactory.create("a", "A box.")).selectExpr("id", "text", "1 AS n");
    GenerationOptions options = options(Map.of("maxNewTokens", "2"));
    EngineStats stats = EngineStats.register(spark);
    List<Row> output = Generation.apply(input, List.of("n", "ID"), options, stats).collectAsList();
    assertThat(output.get(0).schema().fieldNames()).startsWith("n", "id", "completion").hasSize(7);
    assertThat(output.get(0).<String>getAs("id")).isEqualTo("a");
    assertThat(output.get(0).<String>getAs("completion")).isNotEmpty();
    assertThatThrownBy(() -> Generation.apply(input, List.of("x"), options, stats))
        .isInstanceOf(StrataException.class)
        .hasMessageStartingWith("the input has no column 'x', which --columns names");
  }

  /** As requests of a batch have it. */
  @Test
  void rowsBringPlainPromptsErrorsAndSeeds() {
    StructType schema =
        StructType.fromDDL(
            "id STRING, chat ARRAY<STRUCT<role: STRING, content: STRING>>, plain STRING,"
                + " refusal STRING, seed BIGINT");
    Object chat = new Object[] {RowFactory.create("user", "I am tired.")};
    String spelled = "<|user|>\nI am tired.<|end|>\n<|assistant|>\n";
    Dataset<Row> input =
        rows(
            schema,
            RowFactory.create("chat", chat, null, null, 5L),
            RowFactory.create("again", chat, null, null, 5L),
            RowFactory.create("plain", null, spelled, null, null),
            RowFactory.create("refused", chat, null, "not this one", null));
    Map<String, String> leaves =
        Map.of(
            "id.column", "id",
            "row.options", "seed",
            "temperature", "1.2",
            "maxNewTokens", "8");
    PromptOptions prompt = new PromptOptions(null, null, "chat", "plain", "refusal", null, null);
    GenerationOptions options = conf(leaves).generationOptions(prompt);
    Map<String, Row> output = byId(run(input, options, EngineStats.register(spark)));

    assertThat(output.get("refused").<String>getAs("error")).isEqualTo("not this one");
    assertThat(output.get("plain").<Integer>getAs("prompt_tokens"))
        .isEqualTo(output.get("chat").<Integer>getAs("prompt_tokens"));
    assertThat(output.get("again").<String>getAs("completion"))
        .isEqualTo(output.get("chat").<String>getAs("completion"));
  }

  @Test
  void sampledTextFollowsTheSeedAndTheRow() {
    Row[] texts =
        IntStream.range(0, 12)
            .mapToObj(i -> RowFactory.create("row-" + i, "A library, number " + i + "."))
            .toArray(Row[]::new);
    Function<String, Map<String, String>> completions =
        seed -> {
          Map<String, String> conf =
              Map.of("temperature", "1.5", "seed", seed, "maxNewTokens", "8");
          Dataset<Row> input = rows(TEXTS, texts).repartition(seed.equals("1") ? 3 : 1);
          return byId(run(input, options(conf), EngineStats.register(spark))).entrySet().stream()
              .collect(Collectors.toMap(Map.Entry::getKey, e -> e.getValue().getAs("completion")));
        };

    Map<String, String> one = completions.apply("1");
    assertThat(completions.apply("01")).isEqualTo(one);
    assertThat(completions.apply("2")).isNotEqualTo(one);
  }

  /** Counts in statics, since a local task runs in this JVM. */
  @Test
  void readsAheadNoFurtherThanAllowed() {
    Dataset<Row> counted =
        spark
            .range(0, 40, 1, 1)
            .map(
                (MapFunction<Long, String>)
                    number -> {
                      READ.incrementAndGet();
                      return "Number " + number;
                    },
                Encoders.STRING())
            .toDF("text");
    GenerationOptions options = options(Map.of("readAhead.rows", "6", "maxNewTokens", "3"));
    List<String> output =
        Generation.apply(counted, options, EngineStats.register(spark))
            .map((MapFunction<Row, String>) GenerationTest::noteDistance, Encoders.STRING())
            .collectAsList();

    assertThat(output).hasSize(40);
    assertThat(MOST_AHEAD.get()).isBetween(6, 7);
  }

  private static String noteDistance(Row row) {
    MOST_AHEAD.accumulateAndGet(READ.get() - EMITTED.getAndIncrement(), Math::max);
    return row.getString(0);
  }

  @Test
  void killedTaskEndsAndLeavesTheEngineUsable() throws Exception {
    Row[] texts =
        IntStream.range(0, 64)
            .mapToObj(i -> RowFactory.create("row-" + i, "A library, number " + i + "."))
            .toArray(Row[]::new);
    GenerationOptions endless = options(Map.of("maxNewTokens", "900", "ignoreStopTokens", "true"));
    CompletableFuture<Void> job =
        CompletableFuture.runAsync(
            () -> {
              spark.sparkContext().setJobGroup("doomed", "to be cancelled", false);
              run(rows(TEXTS, texts), endless, EngineStats.register(spark));
            });
    while (Arrays.stream(spark.sparkContext().statusTracker().getExecutorInfos())
        .allMatch(executor -> executor.numRunningTasks() == 0)) {
      assertThat(job).as("it runs").isNotDone();
      TimeUnit.MILLISECONDS.sleep(20);
    }
    TimeUnit.SECONDS.sleep(1); // the engine is at work by then, mostly
    spark.sparkContext().cancelJobGroup("doomed");

    assertThatThrownBy(() -> job.get(60, TimeUnit.SECONDS)).hasMessageContaining("cancelled");
    Dataset<Row> one = rows(TEXTS, RowFactory.create("a", "A library."));
    assertThat(run(one, options(Map.of("maxNewTokens", "2")), EngineStats.register(spark)))
        .hasSize(1);
  }

  @Test
  void columnsOfAnEarlierRunAreReplaced() {
    Dataset<Row> input = rows(TEXTS, RowFactory.create("a", "A library."));
    Dataset<Row> again =
        Generation.apply(
            input.selectExpr("*", "7L AS Prompt_Tokens", "'x' AS error"),
            options(Map.of("maxNewTokens", "2")),
            EngineStats.register(spark));
    assertThat(again.schema())
        .isEqualTo(
            Generation.apply(input, options(Map.of()), EngineStats.register(spark)).schema());
    assertThat(again.collectAsList())
        .singleElement()
        .satisfies(row -> assertThat(row.isNullAt(6)).isTrue());
  }

  @Test
  void absentColumnsAreErrorsBeforeAnythingRuns() {
    Dataset<Row> input = rows(TEXTS, RowFactory.create("a", "b"));
    EngineStats stats = EngineStats.register(spark);
    assertThatThrownBy(() -> Generation.apply(input, prompt("{{txt}}"), stats))
        .isInstanceOf(StrataException.class)
        .hasMessage(
            "the input has no column 'txt', which the prompt names; its columns are id, text; did"
                + " you mean 'text'?");
    assertThatThrownBy(() -> Generation.apply(input, options(Map.of("id.column", "key")), stats))
        .hasMessageStartingWith("the input has no column 'key', which --id-column names");
  }

  private static GenerationOptions options(Map<String, String> leaves) {
    StrataConf conf = conf(leaves);
    return conf.generationOptions(conf.promptOptions());
  }

  private static StrataConf conf(Map<String, String> leaves) {
    Map<String, String> settings = new HashMap<>();
    settings.put("spark.strata.model", MODEL);
    settings.put("spark.strata.host.memory", "512m");
    leaves.forEach((leaf, value) -> settings.put("spark.strata." + leaf, value));
    return StrataConf.of(settings);
  }

  private static GenerationOptions prompt(String template) {
    StrataConf conf = StrataConf.of(Map.of("spark.strata.model", MODEL));
    return conf.generationOptions(new PromptOptions(template, null, null));
  }

  private static Dataset<Row> rows(StructType schema, Row... rows) {
    return spark.createDataFrame(Arrays.asList(rows), schema);
  }

  private static List<Row> run(Dataset<Row> input, GenerationOptions options, EngineStats stats) {
    return Generation.apply(input, options, stats).collectAsList();
  }

  private static Map<String, Row> byId(List<Row> rows) {
    return rows.stream().collect(Collectors.toMap(row -> row.getAs("id"), row -> row));
  }

  private static Map<String, String> errors(List<Row> rows) {
    Map<String, String> errors = new HashMap<>();
    rows.forEach(row -> errors.put(row.getAs("id"), row.getAs("error")));
    return errors;
  }
}
