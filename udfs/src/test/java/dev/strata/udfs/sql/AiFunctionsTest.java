package dev.strata.udfs.sql;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.strata.udfs.api.StrataException;
import dev.strata.udfs.spark.Strata;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
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
import org.junit.jupiter.params.provider.ValueSource;

/** What each function asks, and what becomes of arguments, errors and keys. */
class AiFunctionsTest {

  private static final String LONG = "repeat('many words ', 3000)";

  @TempDir static Path folder;

  private static SparkSession spark;
  private static ModelOracle oracle;
  private static PromptCounter counter;

  @BeforeAll
  static void start() {
    spark = SqlSession.start(folder);
    spark.sparkContext().setLogLevel("ERROR");
    SqlSession.makeTable(spark, folder);
    oracle = ModelOracle.register(spark, SqlSession.MAX_NEW_TOKENS);
    counter = PromptCounter.of(spark);
  }

  @AfterAll
  static void stop() {
    oracle.close();
    spark.stop();
  }

  @AfterEach
  void forgetKeys() {
    for (String key : List.of("sql.prompt.summarize", "sql.maxErrorRatio", "system", "model")) {
      spark.conf().unset("spark.strata." + key);
    }
    spark.conf().set("spark.strata.model", ModelOracle.MODEL.toString());
  }

  private static Object value(String expression) {
    return spark.sql("SELECT " + expression).first().get(0);
  }

  private static String asked(String prompt) {
    return ModelOracle.ask(prompt);
  }

  @Test
  void eachFunctionHasItsPrompt() {
    assertThat(value("ai_gen('Hello.')")).isEqualTo(asked("Hello."));
    assertThat(value("ai_gen(12)")).isEqualTo(asked("12"));
    assertThat(value("ai_summarize('A box.')"))
        .isEqualTo(asked("Summarize the following text in at most 50 words.\n\nA box."));
    assertThat(value("ai_summarize('A box.', max_words => 0)"))
        .isEqualTo(asked("Summarize the following text.\n\nA box."));
    assertThat(value("ai_translate(to_lang => 'fr-FR', content => 'A box.')"))
        .isEqualTo(asked("Translate the following text to French.\n\nA box."));
    assertThat(value("ai_fix_grammar('A boxes.')"))
        .isEqualTo(
            asked(
                "Correct the grammar and spelling of the following text. Answer with the corrected"
                    + " text alone.\n\nA boxes."));
    assertThat(value("ai_mask('Jo has a box.', array('person', 'thing'))"))
        .isEqualTo(
            asked(
                "Replace each of these in the following text by [MASKED]: person, thing. Answer"
                    + " with the text alone, which is otherwise unchanged.\n\nJo has a box."));
  }

  @Test
  void extractAsksForEachLabel() throws Exception {
    counter.reset();
    Row found = (Row) value("ai_extract('Jo has a box.', array('person', 'thing'))");
    assertThat(counter.asked()).isEqualTo(2);
    assertThat(found.schema().fieldNames()).containsExactly("person", "thing");
    String prompt =
        "What is the thing in the following text? Answer with words of the text alone, or with None"
            + " if there is none.\n\nJo has a box.";
    assertThat(found.<String>getAs("thing")).isEqualTo(asked(prompt).strip());
    assertThat(value("ai_extract(CAST(NULL AS STRING), array('person'))")).isNull();
  }

  /** A label that begins another, and one of many tokens, among them. */
  @Test
  void theChosenLabelIsTheLikeliestAnswer() throws Exception {
    List<String> labels =
        List.of("network", "network monitoring tool", "game", "desktop environment for children");
    String array = "array('" + String.join("', '", labels) + "')";
    for (String text : List.of("A chess program that plays well.", "It shows your network.")) {
      String prompt =
          "Which of these labels fits the following text best: %s? Answer with the label alone.\n\n%s"
              .formatted(String.join(", ", labels), text);
      String likeliest =
          labels.stream()
              .max(Comparator.comparingDouble(label -> ModelOracle.logProbability(prompt, label)))
              .orElseThrow();
      counter.reset();
      assertThat(value("ai_classify('%s', %s)".formatted(text, array))).isEqualTo(likeliest);
      assertThat(counter.asked()).isOne();
    }
    assertThat(value("ai_analyze_sentiment('I like it.')"))
        .isIn("positive", "negative", "neutral", "mixed");
  }

  @Test
  void aFilterComparesYesWithNo() {
    String prompt = "Is a dog an animal?\n\nAnswer with yes or no alone.";
    boolean isYes =
        ModelOracle.logProbability(prompt, "yes") >= ModelOracle.logProbability(prompt, "no");
    assertThat(value("ai_filter('Is a dog an animal?')")).isEqualTo(isYes);
    assertThat(
            spark.sql("SELECT id FROM t WHERE ai_filter(text)").collectAsList().size()
                + spark.sql("SELECT id FROM t WHERE NOT ai_filter(text)").collectAsList().size())
        .isEqualTo(9);
  }

  @Test
  void textsAreScoredAndEmbedded() throws Exception {
    Row score = (Row) value("ai_score('A box of wood.')");
    assertThat(score.<Integer>getAs("tokens")) // all, since the tokenizer puts one before them
        .isEqualTo(value("ai_count_tokens('A box of wood.')"));
    assertThat(score.<Double>getAs("log_likelihood")).isNegative();
    counter.reset();
    Row row =
        spark
            .sql(
                "SELECT ai_embed('A box.'), ai_similarity('A box.', 'A box.'),"
                    + " ai_similarity('A box.', 'I sing loudly.'), ai_embed(NULL)")
            .first();
    assertThat(counter.asked()).as("equal texts are read once").isEqualTo(2);
    double squares = row.<Float>getList(0).stream().mapToDouble(x -> (double) x * x).sum();
    assertThat(squares).isCloseTo(1, within(1e-4));
    assertThat(row.getFloat(1)).isCloseTo(1f, within(1e-4f));
    assertThat(row.getFloat(2)).isLessThan(0.999f);
    assertThat(row.isNullAt(3)).isTrue();
  }

  @Test
  void nullInIsNullOut() throws Exception {
    counter.reset();
    for (String call :
        List.of(
            "ai_gen(NULL)",
            "ai_summarize('x', NULL)",
            "ai_translate('x', NULL)",
            "ai_translate(NULL, 'fr')",
            "ai_mask('x', NULL)",
            "ai_count_tokens(NULL)",
            "ai_query('demo', NULL)",
            "ai_gen(NULL, failOnError => false)")) {
      assertThat(value(call)).as(call).isNull();
    }
    assertThat(counter.asked()).isZero();
  }

  @Test
  void queriesNameModelsAndOptions() {
    assertThat(value("ai_query('demo', 'Hello.')")).isEqualTo(asked("Hello."));
    assertThat(value("ai_gen('Hello.', model => 'demo')")).isEqualTo(asked("Hello."));
    String one =
        "ai_count_tokens(ai_query('demo', 'Hello.', modelParameters => named_struct('max_tokens',"
            + " 1, 'ignore_stop_tokens', true)))";
    assertThat((Integer) value(one)).isLessThanOrEqualTo(1);
    spark.conf().unset("spark.strata.model");
    assertThat(value("ai_gen('Hello.', model => 'demo')")).isEqualTo(asked("Hello."));
    assertThatThrownBy(() -> value("ai_gen('Hello.')"))
        .hasMessageContaining("spark.strata.model")
        .hasMessageContaining("missing");
    assertThatThrownBy(() -> value("ai_gen('Hello.', model => 'dem')"))
        .hasMessage(
            "no model has the name 'dem'; did you mean 'demo'?; set spark.strata.models.dem to its"
                + " directory");
  }

  /** The demo model answers in no JSON, which is the row's error. */
  @Test
  void answersOfOtherTypesAreReadAsJson() {
    Row answer =
        (Row)
            value(
                "ai_query('demo', 'Hello.', returnType => 'STRUCT<a: STRING, b: INT>',"
                    + " failOnError => false)");
    assertThat(answer.schema().simpleString())
        .isEqualTo("struct<result:struct<a:string,b:int>,errorMessage:string>");
    assertThat(answer.<String>getAs("errorMessage")).startsWith("the answer is no JSON value");
    assertThat(value("ai_query('demo', 'Hello.', returnType => 'INT')")).isNull();
  }

  @Test
  void tokensAreCountedWithoutAnEngine() throws Exception {
    counter.reset();
    assertThat((Integer) value("ai_count_tokens('A box of wood.')")).isBetween(4, 10);
    assertThat(value("ai_count_tokens('')")).isEqualTo(0);
    assertThat(spark.sql("SELECT id FROM t WHERE ai_count_tokens(text) > 100").collectAsList())
        .isEmpty();
    assertThat(counter.asked()).isZero();
  }

  @Test
  void aRowThatFailsIsNullUnlessAskedFor() throws Exception {
    String rows = "FROM VALUES ('Hello.'), (" + LONG + "), ('') AS v(text)";
    counter.reset();
    List<Row> nulls = spark.sql("SELECT ai_gen(text) " + rows).collectAsList();
    assertThat(nulls.get(0).getString(0)).isEqualTo(asked("Hello."));
    assertThat(nulls.get(1).isNullAt(0)).isTrue();
    assertThat(nulls.get(2).isNullAt(0)).isTrue();
    assertThat(counter.count("calls failed")).isEqualTo(2);
    assertThat(counter.asked()).isLessThanOrEqualTo(2);

    List<Row> structs =
        spark
            .sql(
                "SELECT r.result, r.errorMessage FROM (SELECT ai_gen(text, failOnError => false)"
                    + " AS r "
                    + rows
                    + ")")
            .collectAsList();
    assertThat(structs.get(0).getString(0)).isEqualTo(asked("Hello."));
    assertThat(structs.get(0).isNullAt(1)).isTrue();
    assertThat(structs.get(1).isNullAt(0)).isTrue();
    assertThat(structs.get(1).getString(1)).contains("context");
    assertThat(structs.get(2).getString(1)).isEqualTo("prompt is empty");

    assertThatThrownBy(
            () -> spark.sql("SELECT ai_gen(text, failOnError => true) " + rows).collect())
        .hasStackTraceContaining("ai_gen failed: ");
  }

  @Test
  void aQueryEndsWhereTooManyRowsFail() {
    spark.conf().set("spark.strata.sql.maxErrorRatio", "0.5");
    String half = "SELECT ai_gen(if(id % 2 = 0, '', 'Hello.')) FROM range(0, 10, 1, 1)";
    assertThat(spark.sql(half).collectAsList()).hasSize(10);
    String most = "SELECT ai_gen(if(id % 3 > 0, '', 'Hello.')) FROM range(0, 10, 1, 1)";
    assertThatThrownBy(() -> spark.sql(most).collect())
        .hasStackTraceContaining(
            "6 of 10 calls failed, which is more than spark.strata.sql.maxErrorRatio, 0.5, allows");
    String both = most.replace("10, 1, 1)", "10, 1, 2)");
    assertThatThrownBy(() -> spark.sql(both).collect())
        .as("all partitions together")
        .hasStackTraceContaining("6 of 10 calls failed");
    String oneBad = "SELECT ai_gen(if(id < 4, '', 'Hello.')) FROM range(0, 10, 1, 2)";
    assertThat(spark.sql(oneBad).collectAsList()).as("most of one partition").hasSize(10);
    String many = most.replace("10, 1, 1", "1000, 1, 1");
    assertThatThrownBy(() -> spark.sql(many).collect())
        .hasStackTraceContaining("of 20 calls failed");
  }

  @Test
  void keysReplaceTemplatesAndAddASystemMessage() {
    spark.conf().set("spark.strata.sql.prompt.summarize", "In {{max_words}}: {{content}}");
    assertThat(value("ai_summarize('A box.', 7)")).isEqualTo(asked("In 7: A box."));
    spark.conf().set("spark.strata.sql.prompt.summarize", "Of {{text}}");
    assertThatThrownBy(() -> value("ai_summarize('A box.')"))
        .isInstanceOf(StrataException.class)
        .hasMessageStartingWith("the prompt names the column 'text'");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '\0',
      value = {
        "ai_gen() | ai_gen has no argument prompt; it is ai_gen(prompt STRING",
        "ai_gen('x', 'y') | ai_gen has 2 arguments by place, at most 1",
        "ai_gen('x', prompt => 'y') | ai_gen has the argument prompt twice",
        "ai_gen('x', modle => 'y') | ai_gen has no parameter 'modle'; did you mean 'model'?",
        "ai_gen('x', failOnError => id > 0) | ai_gen: the argument failOnError is",
        "ai_translate('x') | ai_translate has no argument to_lang",
        "ai_extract('x', array()) | ai_extract: the labels are []",
        "ai_extract('x', array('a', 'a')) | ai_extract: the labels are [a, a]",
        "ai_query('demo', 'x', returnType => 'STRUCT<') | ai_query: the returnType is 'STRUCT<'",
        "ai_query('demo', 'x', returnType => 'DATE') | ai_query: a returnType cannot have DATE",
        "ai_query('demo', 'x', responseFormat => 'json') | ai_query: responseFormat cannot be kept",
        "ai_query('demo', 'x', modelParameters => named_struct('tmperature', 1)) | ai_query:"
            + " modelParameters names 'tmperature', which is no option; did you mean"
            + " 'temperature'?",
        "ai_query('demo', 'x', modelParameters => named_struct('max_tokens', 0)) | ai_query:"
            + " modelParameters: max_new_tokens is 0",
        "ai_query('demo', 'x', modelParameters => 5) | ai_query: modelParameters is 5",
      })
  void argumentsThatDoNotFit(String call, String message) {
    assertThatThrownBy(() -> spark.sql("SELECT " + call + " FROM t").collect())
        .hasMessageContaining(message);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "ai_gen",
        "ai_query",
        "ai_summarize",
        "ai_translate",
        "ai_fix_grammar",
        "ai_mask",
        "ai_extract",
        "ai_classify",
        "ai_analyze_sentiment",
        "ai_agg",
        "ai_filter",
        "ai_score",
        "ai_embed",
        "ai_similarity",
        "ai_count_tokens"
      })
  void functionsAreDescribed(String name) {
    List<String> lines =
        spark.sql("DESCRIBE FUNCTION EXTENDED " + name).collectAsList().stream()
            .map(row -> row.getString(0))
            .toList();
    assertThat(lines).anyMatch(line -> line.startsWith("Usage: " + name + "("));
    assertThat(lines).anyMatch(line -> line.contains("> SELECT ") && line.contains(name + "("));
    assertThat(lines).anyMatch(line -> line.contains("failOnError => BOOLEAN"));
  }

  /** Row for row what the job's command gives, whatever the partitions. */
  @Test
  void translationsAreThoseOfTheJob() {
    Path sentences = Path.of(System.getProperty("strata.root"), "datasets", "sentences.parquet");
    Dataset<Row> rows = spark.read().parquet(sentences.toString()).filter("id < 'sen-0050'");
    List<Row> job =
        Strata.on(spark)
            .toLanguage("French")
            .maxNewTokens(24)
            .translate(rows)
            .orderBy("id")
            .select("id", "completion")
            .collectAsList();
    spark.conf().set("spark.strata.maxNewTokens", 24);
    List<Row> functions =
        rows.repartition(3)
            .selectExpr("id", "ai_translate(text, 'fr') AS completion")
            .orderBy("id")
            .collectAsList();
    spark.conf().set("spark.strata.maxNewTokens", SqlSession.MAX_NEW_TOKENS);
    assertThat(functions).hasSize(49).isEqualTo(job);
  }

  @Test
  void theExtensionIsKnownOnceThoughNamedAsWell() {
    org.apache.spark.sql.SparkSessionExtensions extensions =
        new org.apache.spark.sql.SparkSessionExtensions();
    new StrataExtensions().apply(extensions);
    new StrataExtensions().apply(extensions);
    assertThat(extensions.buildPreCBORules(spark)).satisfies(r -> assertThat(r.size()).isOne());
  }
}
