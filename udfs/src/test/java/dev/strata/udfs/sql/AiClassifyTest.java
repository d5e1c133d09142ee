package dev.strata.udfs.sql;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.google.gson.Gson;
import com.google.gson.JsonObject;
import com.google.gson.reflect.TypeToken;
import java.io.InputStreamReader;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Labels as JSON, and what is chosen beside what transformers finds. */
class AiClassifyTest {

  private static final String KEY = "spark.strata.sql.prompt.classify";
  private static final String LONG = "repeat('many words ', 3000)";

  /** As make_asks.py has them. */
  private static final List<List<String>> LABELS =
      List.of(
          List.of("food", "food and drink", "travel"),
          List.of("question", "statement"),
          List.of(
              "a",
              "a very long label that has many tokens, more than the others together",
              "b",
              "A"),
          List.of("happy", "sad", "happy or sad"));

  /** A row of the reference, as the script names its fields. */
  @SuppressWarnings("ArrayRecordComponent") // not compared
  private record Expected(List<int[]> continuations, float[] log_probabilities) {}

  @TempDir static Path folder;

  private static SparkSession spark;
  private static ModelOracle oracle;
  private static PromptCounter counter;

  @BeforeAll
  static void start() {
    spark = SqlSession.start(folder);
    spark.conf().set("spark.sql.codegen.wholeStage", true); // as queries of many rows have it
    spark.sparkContext().setLogLevel("ERROR");
    oracle = ModelOracle.register(spark, SqlSession.MAX_NEW_TOKENS);
    counter = PromptCounter.of(spark);
    Path sentences = Path.of(System.getProperty("strata.root"), "datasets", "sentences.parquet");
    spark.read().parquet(sentences.toString()).createOrReplaceTempView("sentences");
  }

  @AfterAll
  static void stop() {
    oracle.close();
    spark.stop();
  }

  @AfterEach
  void forgetKeys() {
    spark.conf().unset(KEY);
    spark.conf().unset(KEY + "Label");
  }

  private static JsonObject json(String call) {
    return parsed(spark.sql("SELECT to_json(" + call + ")").first().getString(0));
  }

  private static JsonObject parsed(String json) {
    return new Gson().fromJson(json, JsonObject.class);
  }

  private static List<Expected> reference() throws Exception {
    try (Reader file =
        new InputStreamReader(
            AiClassifyTest.class.getResourceAsStream("/asks/asks.json"), StandardCharsets.UTF_8)) {
      return new Gson().fromJson(file, new TypeToken<List<Expected>>() {}.getType());
    }
  }

  /** Labels that begin another, and of many tokens; in so many sweeps as those have. */
  @Test
  void shippedSentencesAreClassifiedAsTransformersDoes() throws Exception {
    spark.conf().set(KEY, "Which of {{labels}} describes this text?\n\n{{content}}");
    List<Expected> expected = reference();
    List<String> ids =
        spark.table("sentences").orderBy("id").select("id").collectAsList().stream()
            .map(row -> row.getString(0))
            .toList();
    for (int kind = 0; kind < LABELS.size(); kind++) {
      List<Integer> rows = IntStream.iterate(kind, i -> i < 12, i -> i + 4).boxed().toList();
      String names = new Gson().toJson(LABELS.get(kind));
      String where =
          rows.stream().map(i -> "'" + ids.get(7 * i) + "'").collect(Collectors.joining(", "));
      String query =
          "SELECT to_json(ai_classify(text, '%s')) FROM (SELECT * FROM sentences WHERE id IN (%s)"
                  .formatted(names, where)
              + " ORDER BY id LIMIT 10)";
      Dataset<Row> asked = spark.sql(query);
      List<Row> answers = asked.collectAsList();
      int longest =
          expected.get(kind).continuations().stream().mapToInt(c -> c.length).max().orElseThrow();
      assertThat(SweepCount.sweeps(asked)).isBetween(1L, longest + 1L);
      for (int i = 0; i < rows.size(); i++) {
        check(parsed(answers.get(i).getString(0)), kind, expected.get(rows.get(i)));
      }
    }
  }

  private static void check(JsonObject answer, int kind, Expected expected) {
    List<String> labels = LABELS.get(kind);
    float[] sums = expected.log_probabilities();
    int best = Likelihoods.best(sums);
    assertThat(answer.get("error_message").isJsonNull()).isTrue();
    assertThat(answer.getAsJsonArray("response").get(0).getAsString()).isEqualTo(labels.get(best));
    assertThat(answer.get("log_probability").getAsDouble()).isCloseTo(sums[best], within(1e-3));
    double[] parts = Likelihoods.parts(sums);
    JsonObject probabilities = answer.getAsJsonObject("probabilities");
    assertThat(probabilities.keySet()).containsExactlyInAnyOrderElementsOf(labels);
    for (int i = 0; i < parts.length; i++) {
      assertThat(probabilities.get(labels.get(i)).getAsDouble()).isCloseTo(parts[i], within(1e-3));
    }
  }

  @Test
  void aLabelIsAlwaysChosen() {
    List<Row> rows =
        spark
            .sql(
                "SELECT text, ai_classify(text, array('travel', 'food', 'food and drink')) AS l"
                    + " FROM sentences LIMIT 60")
            .collectAsList();
    assertThat(rows).hasSize(60);
    assertThat(rows)
        .allSatisfy(row -> assertThat(row.getString(1)).isIn("travel", "food", "food and drink"));
  }

  @Test
  void theLabelOfJsonIsThatOfTheArray() throws Exception {
    counter.reset();
    Row row =
        spark
            .sql(
                "SELECT ai_classify('It rains.', array('a b', 'c')) AS s, ai_classify('It rains.',"
                    + " '[\"a b\", \"c\"]') AS v")
            .selectExpr("s", "variant_get(v, '$.response[0]', 'string')", "v")
            .first();
    assertThat(counter.asked()).as("the same question").isOne();
    assertThat(row.getString(0)).isEqualTo(row.getString(1));
    assertThat(spark.sql("SELECT ai_classify(NULL, '[\"a\", \"b\"]')").first().isNullAt(0))
        .isTrue();
  }

  @Test
  void promptsShowDescriptionsAndInstructions() {
    spark.conf().set(KEY, "{{labels}}|{{content}}");
    JsonObject answer =
        json(
            "ai_classify('It rains.', '{\"wet\": \"there is \\\\\"water\\\\\"\", \"dry\": \"\"}',"
                + " map('instructions', 'Think.'))");
    String prompt = "Think.\n\nwet (there is \"water\"), dry|It rains.";
    double wet = ModelOracle.logProbability(prompt, "wet");
    double dry = ModelOracle.logProbability(prompt, "dry");
    double part = 1 / (1 + Math.exp(dry - wet));
    JsonObject probabilities = answer.getAsJsonObject("probabilities");
    assertThat(probabilities.get("wet").getAsDouble()).isCloseTo(part, within(1e-3));
    assertThat(answer.get("log_probability").getAsDouble())
        .isCloseTo(Math.max(wet, dry), within(1e-3));
  }

  @Test
  void labelsThatFitFromHalfUpAreTaken() throws Exception {
    counter.reset();
    JsonObject answer =
        json(
            "ai_classify('The soup is cold.', '{\"food\": \"what one eats\", \"travel\": \"\","
                + " \"tools\": \"\"}', map('multilabel', 'true', 'instructions', 'Be strict.'))");
    assertThat(counter.asked()).isEqualTo(3);
    List<String> taken = new ArrayList<>();
    JsonObject probabilities = answer.getAsJsonObject("probabilities");
    for (String label : List.of("food (what one eats)", "travel", "tools")) {
      String prompt =
          "Be strict.\n\nDoes the label %s fit the following text? Answer with yes or no alone.\n\n"
                  .formatted(label)
              + "The soup is cold.";
      double yes = ModelOracle.logProbability(prompt, "yes");
      double part = 1 / (1 + Math.exp(ModelOracle.logProbability(prompt, "no") - yes));
      String name = label.replaceFirst(" .*", "");
      assertThat(probabilities.get(name).getAsDouble()).isCloseTo(part, within(1e-3));
      if (part >= 0.5) {
        taken.add(name);
      }
    }
    assertThat(answer.getAsJsonArray("response").asList().stream().map(e -> e.getAsString()))
        .containsExactlyElementsOf(taken);
    assertThat(answer.has("log_probability")).isFalse();
  }

  @Test
  void fiveHundredLabelsMayBeGiven() {
    spark.conf().set(KEY, "{{content}}"); // the demo model's context is too short to name them
    String labels =
        IntStream.range(0, 500).mapToObj(i -> "\"l" + i + "\"").collect(Collectors.joining(","));
    JsonObject answer = json("ai_classify('It rains.', '[" + labels + "]')");
    Set<String> names = answer.getAsJsonObject("probabilities").keySet();
    assertThat(names).hasSize(500);
    assertThat(names).contains(answer.getAsJsonArray("response").get(0).getAsString());
    String more = "ai_classify('It rains.', '[" + labels + ", \"x\"]')";
    assertThatThrownBy(() -> json(more)).hasMessageContaining("there are 501 labels");
  }

  @Test
  void theErrorOfARowIsInItsVariant() throws Exception {
    String rows = " FROM VALUES ('It rains.'), (" + LONG + ") AS v(text)";
    for (String fail : List.of("", ", failOnError => false")) {
      counter.reset();
      Dataset<Row> query =
          spark.sql("SELECT ai_classify(text, '[\"a\", \"b\"]'" + fail + ") AS v" + rows);
      assertThat(query.schema().simpleString()).isEqualTo("struct<v:variant>");
      List<Row> answers = query.selectExpr("to_json(v)").collectAsList();
      assertThat(parsed(answers.get(0).getString(0)).get("error_message").isJsonNull()).isTrue();
      JsonObject failed = parsed(answers.get(1).getString(0));
      assertThat(failed.get("error_message").getAsString()).contains("context");
      assertThat(failed.get("response").isJsonNull()).isTrue();
      assertThat(counter.count("calls failed")).isOne();
    }
    assertThatThrownBy(
            () ->
                spark
                    .sql("SELECT ai_classify(text, '[\"a\", \"b\"]', failOnError => true)" + rows)
                    .collect())
        .hasStackTraceContaining("ai_classify failed: ");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '\0',
      value = {
        "'x', 5 | ai_classify: the labels are 5; they must be an ARRAY<STRING>, or a text",
        "'x', 'urgent' | ai_classify: the labels are 'urgent'; a text must be a JSON array",
        "'x', '[\"a\"]' | ai_classify: the only label is 'a'",
        "'x', '[\"a\", 5]' | ai_classify: the labels are '[\"a\", 5]'; a text must be",
        "'x', '[\"a\", \"b\"] c' | a text must be a JSON array",
        "'x', '[\"a\", \"a\"]' | ai_classify: the labels are [a, a]; they must be names",
        "'x', '{\"a\": \"b\", \"a\": \"c\"}' | ai_classify: the labels are [a, a]",
        "'x', array('a', 'b'), map('multilabel', 'true') | multilabel needs labels in JSON",
        "'x', '[\"a\", \"b\"]', map('multilable', 'true') | the options name 'multilable'; did you"
            + " mean 'multilabel'?",
        "'x', '[\"a\", \"b\"]', map('multilabel', 'yes') | multilabel is 'yes'; it must be",
        "'x', '[\"a\", \"b\"]', map('version', '3.0') | version is '3.0'; it may be 1.0 or 2.0",
        "'x', '[\"a\", \"b\"]', map('version', '1.0') | version is '1.0', but the labels are JSON",
        "'x', array('a', 'b'), 'true' | ai_classify: the options are true; they must be a map",
      })
  void whatDoesNotFitIsRefused(String arguments, String message) {
    assertThatThrownBy(() -> spark.sql("SELECT ai_classify(" + arguments + ")").collect())
        .hasMessageContaining(message);
  }
}
