package dev.strata.udfs.sql;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
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

/** Aggregates by a model: what is asked of which texts, and in which queries. */
class AiAggTest {

  private static final String TOKENS = "spark.strata.sql.agg.tokens";

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
    spark.conf().unset(TOKENS);
    spark.conf().unset("spark.sql.adaptive.enabled");
    spark.conf().set("spark.strata.maxNewTokens", SqlSession.MAX_NEW_TOKENS);
  }

  /**
   * Each line has the number of prompts and the query; {@code fn_agg} is {@code ai_agg}, or an
   * oracle's answer to the sorted texts of the group.
   */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '\0',
      value = {
        "2 | SELECT k, fn_agg(text, 'List:') AS s FROM t GROUP BY k",
        "1 | SELECT fn_agg(text, 'List:') AS s FROM t",
        "1 | SELECT fn_agg(text, 'List:') AS s FROM VALUES ('sea'), ('box'), ('tree') AS v (text)",
        "1 | SELECT count(*), fn_agg(text, 'List:') AS s, max(id), count(DISTINCT k) FROM t",
        "2 | SELECT k, count(*) AS c, fn_agg(text, 'List:') AS s, avg(id) FROM t GROUP BY k",
        "4 | SELECT k, fn_agg(text, 'List:'), fn_agg(upper(text), 'Why:') AS s FROM t GROUP BY k",
        "2 | SELECT k, fn_agg(text, 'List:'), length(fn_agg(text, 'List:')) FROM t GROUP BY k",
        "0 | SELECT fn_agg(text, 'List:') AS s FROM none",
        "0 | SELECT k, fn_agg(text, 'List:') AS s FROM none GROUP BY k",
        "0 | SELECT id, fn_agg(text, 'List:') AS s, count(*) FROM t WHERE text IS NULL GROUP BY id",
        "2 | SELECT id % 3, fn_agg(text, 'List:') AS s FROM t WHERE id IN (2, 3, 4) GROUP BY id %"
            + " 3",
        "2 | SELECT upper(k) AS u, fn_agg(text, 'List:') AS s FROM t GROUP BY upper(k) HAVING"
            + " max(id) > 3",
        "1 | SELECT k, fn_agg(text, 'List:') FILTER (WHERE id > 9) AS s, count(*) FROM t GROUP BY"
            + " k",
        "3 | SELECT k, fn_agg(text, 'List:') AS s FROM t GROUP BY ROLLUP (k)",
        "2 | SELECT s, k FROM (SELECT k, fn_agg(text, 'List:') AS s FROM t GROUP BY k) ORDER BY s,"
            + " k",
        "2 | WITH g AS (SELECT k, fn_agg(text, 'List:') AS s FROM t GROUP BY k) SELECT x.k, x.s,"
            + " y.s FROM g x JOIN g y ON x.k = y.k",
        "2 | SELECT id, (SELECT fn_agg(b.text, 'List:') FROM t b WHERE b.k = a.k) AS s FROM t a"
            + " WHERE id IN (1, 2)",
        "2 | SELECT ref_gen(s) FROM (SELECT fn_agg(text, 'List:') AS s FROM t GROUP BY id > 3, k ="
            + " 'c' HAVING min(id) < 9)",
        "2 | SELECT CAST(id AS DOUBLE) / 20 > 0.2 AS d, fn_agg(text, 'List:') AS s FROM t GROUP BY"
            + " d",
      })
  void groupsAreThoseOfTheQuery(int prompts, String query) throws Exception {
    counter.reset();
    List<String> rows = sorted(spark.sql(query.replace("fn_", "ai_")));
    assertThat(counter.asked()).isEqualTo(prompts);
    assertThat(rows).isEqualTo(sorted(spark.sql(oracle(query))));
  }

  private static String oracle(String query) {
    return query
        .replaceAll(
            "fn_agg\\(([\\w.]+|upper\\(text\\)), '(\\w+:)'\\)( FILTER \\([^)]*\\))?",
            "ref_gen(concat('$2@', nullif(array_join(sort_array(collect_list($1)$3), '@'), '')))")
        .replace("@", "\n\n");
  }

  private static List<String> sorted(Dataset<Row> rows) {
    return rows.collectAsList().stream().map(Row::toString).sorted().toList();
  }

  @Test
  void withoutAdaptiveExecutionToo() throws Exception {
    spark.conf().set("spark.sql.adaptive.enabled", "false");
    groupsAreThoseOfTheQuery(
        2, "SELECT s, k FROM (SELECT k, fn_agg(text, 'List:') AS s FROM t GROUP BY k) ORDER BY s");
  }

  @Test
  void anAggregateMayBeOfAnswersAndAskedAbout() throws Exception {
    counter.reset();
    String text =
        spark.sql("SELECT ai_gen(ai_agg(ai_gen(text), 'List:')) FROM t").first().getString(0);
    assertThat(counter.asked()).isEqualTo(11);
    String agg = oracle("fn_agg(u, 'List:')");
    assertThat(text)
        .isEqualTo(
            spark
                .sql("SELECT ref_gen(" + agg + ") FROM (SELECT ref_gen(text) AS u FROM t)")
                .first()
                .getString(0));
  }

  /** Three prompts of texts, two of their notes, one of the notes on these; then all at once. */
  @Test
  void moreTextsThanAPromptHoldsAreAskedAboutInLevels() throws Exception {
    String texts =
        "(SELECT id, concat('word', id, repeat(' and so on', 9)) AS text FROM range(20))";
    spark.conf().set(TOKENS, 100);
    counter.reset();
    Dataset<Row> query =
        spark.sql("SELECT ai_agg(text, 'List:', failOnError => true) FROM " + texts);
    String answer = query.first().getString(0);
    long asked = counter.asked();
    assertThat(asked).isBetween(5L, 20L);
    assertThat(answer).isEqualTo(query.first().getString(0));
    assertThat(
            spark
                .sql("SELECT ai_agg(text, 'List:') FROM " + texts.replace("20", "20, 1, 7"))
                .first())
        .isNotNull();
    String repartitioned = texts.replace("range(20)", "range(0, 20, 1, 7) DISTRIBUTE BY id");
    assertThat(spark.sql("SELECT ai_agg(text, 'List:') FROM " + repartitioned).first().getString(0))
        .as("whatever the partitions")
        .isEqualTo(answer);
    spark.conf().set(TOKENS, 900);
    counter.reset();
    query.sparkSession().sql("SELECT ai_agg(text, 'List:') FROM " + texts).collect();
    assertThat(counter.asked()).isOne();
  }

  /** The notes on the parts, in their order, are what the last prompt is about. */
  @Test
  void theLastPromptHoldsTheNotes() throws Exception {
    List<String> texts =
        List.of(
            "I have to finish this report today. ".repeat(9),
            "The storm frightened the dog. ".repeat(9),
            "Who won the game last night? ".repeat(9));
    spark.conf().set(TOKENS, 100);
    counter.reset();
    String answer =
        spark
            .sql(
                "SELECT ai_agg(text, 'Why?') FROM VALUES ('%s'), ('%s'), ('%s') AS v(text)"
                    .formatted(texts.get(2), texts.get(0), texts.get(1)))
            .first()
            .getString(0);
    assertThat(counter.asked()).isEqualTo(4);
    String part =
        "The following texts are some of many. Note briefly what they say that is of use for this"
            + " task: Why?\n\n";
    List<String> notes =
        texts.stream()
            .map(text -> ModelOracle.ask(part + text))
            .filter(note -> !note.isBlank()) // which the demo model may answer
            .toList();
    assertThat(notes).hasSizeGreaterThan(1);
    String all = String.join("\n\n", notes);
    assertThat(answer)
        .isEqualTo(ModelOracle.ask("Why?\n\nThese are notes on the texts:\n\n" + all));
  }

  /** A level is one wave: no more sweeps for many groups than for one. */
  @Test
  void theGroupsOfALevelShareSweeps() {
    spark.conf().set(TOKENS, 60);
    String query =
        "SELECT g, ai_agg(concat('text', id, repeat(' so', 30)), 'List:') FROM"
            + " (SELECT id, id %% %d AS g FROM range(0, %d, 1, 1)) GROUP BY g";
    long one = sweeps(query.formatted(1, 4));
    long many = sweeps(query.formatted(8, 32));
    assertThat(many).isBetween(1L, one + 2);
  }

  private static long sweeps(String query) {
    Dataset<Row> rows = spark.sql(query);
    rows.collect();
    return SweepCount.sweeps(rows);
  }

  @Test
  void aTextLongerThanThePromptIsCutAndAllOfItIsAsked() throws Exception {
    spark.conf().set(TOKENS, 200);
    counter.reset();
    String query = "SELECT ai_agg(repeat('many words ', 3000), 'List:', failOnError => false) AS s";
    Row answer = spark.sql("SELECT s.* FROM (" + query + ")").first();
    assertThat(answer.isNullAt(1)).isTrue();
    assertThat(answer.getString(0)).isNotNull();
    assertThat(counter.asked()).isGreaterThan(3);
    assertThat(counter.count("prompt tokens")).isGreaterThan(6000);
  }

  @Test
  void aGroupThatFailsLeavesTheOthers() throws Exception {
    spark.conf().set("spark.strata.models.refusing", modelThatRefuses("FORBIDDEN").toString());
    String groups =
        "SELECT k, ai_agg(text, 'List:', model => 'refusing'%s) AS s FROM VALUES ('a', 'sea'),"
            + " ('b', 'FORBIDDEN'), ('b', 'box'), ('c', 'tree') AS v (k, text) GROUP BY k";
    String others =
        "SELECT k, ai_agg(text, 'List:') AS s FROM VALUES ('a', 'sea'), ('b', NULL), ('c',"
            + " 'tree') AS v (k, text) GROUP BY k";
    assertThat(sorted(spark.sql(groups.formatted("")))).isEqualTo(sorted(spark.sql(others)));

    Dataset<Row> told =
        spark.sql("SELECT k, s.* FROM (%s)".formatted(groups.formatted(", failOnError => false")));
    Row failed = told.filter("k = 'b'").first();
    assertThat(failed.isNullAt(1)).isTrue();
    assertThat(failed.getString(2)).contains("not this text, please");
    assertThat(told.filter("errorMessage IS NULL").count()).isEqualTo(2);

    assertThatThrownBy(() -> spark.sql(groups.formatted(", failOnError => true")).collect())
        .hasStackTraceContaining("not this text, please");
  }

  /** The demo model with a template that raises for some texts. */
  private static Path modelThatRefuses(String word) throws IOException {
    Path copy = Files.createDirectory(folder.resolve("refusing"));
    try (Stream<Path> files = Files.list(ModelOracle.MODEL)) {
      for (Path file : files.toList()) {
        Files.copy(file, copy.resolve(file.getFileName()));
      }
    }
    Path template = copy.resolve("chat_template.jinja");
    String check =
        "{%% if '%s' in messages[0]['content'] %%}{{ raise_exception('not this text, please') }}{%% endif %%}"
            .formatted(word);
    Files.writeString(template, check + Files.readString(template));
    return copy;
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '\0',
      value = {
        "SELECT ai_agg(DISTINCT text, 'List:') FROM t | ai_agg(DISTINCT ...) is not supported",
        "SELECT ai_agg(text, 'List:') OVER (PARTITION BY k) FROM t | ai_agg stands in Window",
        "SELECT ai_agg(text, k) FROM t GROUP BY k | the argument instruction is",
        "SELECT ai_agg(text, ' ') FROM t | ai_agg: the instruction is empty",
        "SELECT ai_agg(text) FROM t | ai_agg has no argument instruction",
        "SELECT ai_agg(text, repeat('long ', 2000)) FROM t | are left for texts",
      })
  void whatCannotBeIsRefused(String query, String message) {
    assertThatThrownBy(() -> spark.sql(query).collect()).hasStackTraceContaining(message);
  }

  @Test
  void streamsAreRefused() {
    Dataset<Row> stream =
        spark
            .readStream()
            .schema(spark.table("t").schema())
            .parquet(folder.resolve("t.parquet").toString())
            .groupBy("k")
            .agg(org.apache.spark.sql.functions.expr("ai_agg(text, 'List:')"));
    assertThatThrownBy(
            () ->
                stream
                    .writeStream()
                    .format("memory")
                    .queryName("aggregated")
                    .outputMode("complete")
                    .start()
                    .processAllAvailable())
        .hasStackTraceContaining("ai_agg cannot aggregate a stream");
  }
}
