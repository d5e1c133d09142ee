package dev.strata.udfs.sql;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.api.java.UDF1;
import org.apache.spark.sql.streaming.Trigger;
import org.apache.spark.sql.types.DataTypes;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Queries with functions give the rows that the same queries give with an oracle's, and ask no more
 * prompts than they have to. Each line has the number of prompts and the query, in which {@code
 * fn_} stands for {@code ai_} or {@code ref_}.
 */
class SqlQueriesTest {

  @TempDir static Path folder;

  private static SparkSession spark;
  private static ModelOracle oracle;
  private static PromptCounter counter;

  @BeforeAll
  static void start() {
    spark = SqlSession.start(folder);
    spark.sparkContext().setLogLevel("ERROR");
    spark.conf().set("spark.sql.codegen.wholeStage", "false"); // compiling is most of such queries
    SqlSession.makeTable(spark, folder);
    oracle = ModelOracle.register(spark, SqlSession.MAX_NEW_TOKENS);
    counter = PromptCounter.of(spark);
    UDF1<String, String> twice = text -> text == null ? null : text + " " + text;
    spark.udf().register("twice", twice, DataTypes.StringType);
  }

  @AfterAll
  static void stop() {
    oracle.close();
    spark.stop();
  }

  @AfterEach
  void reset() {
    spark.conf().unset("spark.sql.adaptive.enabled");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '\0',
      value = {
        // projections
        "7 | SELECT id, fn_gen(text) FROM t WHERE id > 3",
        "18 | SELECT id, fn_gen(text), fn_translate(text, 'French') FROM t",
        "9 | SELECT id, fn_gen(text) AS u, length(fn_gen(text)) AS n FROM t",
        "4 | SELECT fn_gen(fn_translate(text, 'French')) FROM t WHERE id IN (1, 3)",
        "18 | SELECT fn_summarize(text, 5), fn_summarize(text, 0) FROM t",
        "0 | SELECT fn_gen(NULL) FROM t",
        "1 | SELECT fn_gen(NULL), fn_gen('x')",
        "1 | SELECT fn_gen(CAST(id AS STRING)) FROM t WHERE id = 10",
        "4 | SELECT fn_gen(k) FROM t",
        "9 | SELECT id, fn_gen(text) AS u, length(u) AS n FROM t",
        "2 | SELECT id, explode(split(fn_gen(text), ' ')) AS x FROM t WHERE id < 4",
        "9 | SELECT struct(id, fn_gen(text)) AS s, map('a', fn_gen(text)) AS m FROM t",
        "9 | SELECT upper(twice(fn_gen(text))) FROM t",
        "9 | SELECT fn_gen(twice(text)) FROM t",
        // filters
        "7 | SELECT id, text FROM t WHERE id > 3 AND fn_gen(text) LIKE '%a%'",
        "9 | SELECT id, fn_gen(text) AS u FROM t WHERE fn_gen(text) LIKE '%a%'",
        "7 | SELECT * FROM (SELECT id, fn_gen(text) AS u FROM t) WHERE u LIKE '%a%' AND id > 3",
        "14 | SELECT id FROM t WHERE id > 3 AND (fn_gen(text) > 'c' OR fn_translate(text, 'French') > 'c')",
        // branches
        "8 | SELECT id, CASE WHEN id < 3 THEN text ELSE fn_gen(text) END AS c FROM t",
        "3 | SELECT id, if(id > 7, fn_gen(text), k) AS c FROM t",
        "1 | SELECT id, coalesce(text, fn_gen(concat(k, id))) AS c FROM t",
        "9 | SELECT id, CASE WHEN id < 5 THEN fn_gen(text) WHEN id < 9 THEN upper(fn_gen(text)) ELSE fn_gen(text) END AS c FROM t",
        "9 | SELECT fn_gen(text) AS a, CASE WHEN id > 5 THEN fn_gen(text) END AS b FROM t",
        "4 | SELECT CASE WHEN id > 8 THEN fn_gen(fn_translate(text, 'French')) END AS b FROM t",
        // limits and order
        "2 | SELECT id, fn_gen(text) FROM t WHERE id > 2 ORDER BY id LIMIT 2",
        "3 | SELECT id, fn_gen(text) AS u FROM t ORDER BY id DESC LIMIT 3",
        "9 | SELECT id, fn_gen(text) AS u FROM t ORDER BY id",
        "9 | SELECT id FROM t ORDER BY fn_gen(text), id",
        "9 | SELECT id FROM t ORDER BY fn_gen(text), id LIMIT 4",
        // common table expressions and joins
        "7 | WITH g AS (SELECT id, fn_gen(text) AS u FROM t WHERE id > 3) SELECT g.id, g.u, t.text FROM g JOIN t ON g.id = t.id",
        "7 | WITH g AS (SELECT id, fn_gen(text) AS u FROM t WHERE id > 3) SELECT x.id, x.u, y.u FROM g x JOIN g y ON x.id = y.id",
        "9 | SELECT a.id, b.id FROM t a JOIN t b ON fn_gen(a.text) = b.text",
        "9 | SELECT a.id FROM t a JOIN t b ON a.id = b.id AND fn_gen(concat(a.text, b.k)) > 'c'",
        "9 | SELECT a.id, b.id FROM t a LEFT JOIN t b ON a.id = b.id AND fn_gen(b.text) > 'c'",
        "9 | SELECT id FROM t a LEFT ANTI JOIN (SELECT id AS i, fn_gen(text) AS u FROM t) b ON a.id = b.i AND u > 'c'",
        // aggregates
        "9 | SELECT fn_gen(text) AS g, count(*) AS c FROM t GROUP BY fn_gen(text)",
        "2 | SELECT k, fn_gen(concat_ws(',', sort_array(collect_list(text)))) AS s FROM t GROUP BY k",
        "9 | SELECT k, max(length(fn_gen(text))) AS m FROM t GROUP BY k",
        "9 | SELECT k, count(fn_gen(text)) FILTER (WHERE id > 0) AS m FROM t GROUP BY k",
        "2 | SELECT k, max(text) FROM t GROUP BY k HAVING fn_gen(max(text)) > 'c'",
        "9 | SELECT DISTINCT fn_gen(text) FROM t",
        "11 | SELECT k, max(fn_gen(text)), fn_translate(max(text), 'French') FROM t GROUP BY k",
        "9 | SELECT k, fn_gen(text) AS u, count(*) FROM t GROUP BY ROLLUP (k, fn_gen(text))",
        // windows
        "9 | SELECT id, rank() OVER (PARTITION BY k ORDER BY fn_gen(text), id) AS r FROM t",
        "9 | SELECT id, fn_gen(text) AS u, lag(fn_gen(text)) OVER (ORDER BY id) AS p FROM t",
        // subqueries
        "14 | SELECT id FROM t WHERE fn_gen(text) IN (SELECT fn_gen(text) FROM t WHERE id > 5)",
        "5 | SELECT id FROM t a WHERE EXISTS (SELECT 1 FROM t b WHERE fn_gen(b.text) = a.text AND b.id > 5)",
        "9 | SELECT id, (SELECT max(fn_gen(text)) FROM t) AS m FROM t WHERE id < 3",
        "5 | SELECT id FROM t WHERE id IN (SELECT id FROM t WHERE fn_gen(text) > 'c' AND id > 5)",
        // set operations
        "11 | SELECT fn_gen(text) AS u FROM t UNION ALL SELECT fn_gen(k) FROM t WHERE id < 3",
        "18 | SELECT fn_gen(text) AS u FROM t EXCEPT SELECT fn_translate(text, 'French') FROM t",
        "16 | SELECT fn_gen(text) AS u FROM t INTERSECT SELECT fn_gen(text) FROM t WHERE id > 3",
        // nothing to do
        "0 | SELECT fn_gen(text) FROM t WHERE 1 = 0",
        "0 | SELECT id, fn_gen(text) FROM none",
        "0 | SELECT id, fn_gen(text) FROM t WHERE text IS NULL",
        "0 | SELECT count(*) FROM (SELECT fn_gen(text) FROM t)",
      })
  void rowsAreThoseOfTheOracle(int prompts, String query) throws Exception {
    check(prompts, query);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '\0',
      value = {
        "9 | SELECT id FROM t ORDER BY fn_gen(text), id",
        "7 | WITH g AS (SELECT id, fn_gen(text) AS u FROM t WHERE id > 3) SELECT x.id, x.u, y.u FROM g x JOIN g y ON x.id = y.id",
        "9 | SELECT k, max(length(fn_gen(text))) AS m FROM t GROUP BY k",
        "9 | SELECT a.id, b.id FROM t a JOIN t b ON fn_gen(a.text) = b.text",
        "9 | SELECT id, (SELECT max(fn_gen(text)) FROM t) AS m FROM t WHERE id < 3",
      })
  void withoutAdaptiveExecutionToo(int prompts, String query) throws Exception {
    spark.conf().set("spark.sql.adaptive.enabled", "false");
    check(prompts, query);
  }

  private static void check(int prompts, String query) throws Exception {
    counter.reset();
    List<String> rows = rows(spark.sql(query.replace("fn_", "ai_")));
    long asked = counter.asked();
    assertThat(rows).isEqualTo(rows(spark.sql(query.replace("fn_", "ref_"))));
    assertThat(asked).isEqualTo(prompts);
  }

  private static List<String> rows(Dataset<Row> rows) {
    List<String> texts = rows.collectAsList().stream().map(Row::toString).toList();
    boolean isOrdered = rows.queryExecution().analyzed().outputOrdering().nonEmpty();
    return isOrdered ? texts : texts.stream().sorted().toList();
  }

  @Test
  void aLimitAsksForAsManyRows() throws Exception {
    counter.reset();
    List<Row> rows = spark.sql("SELECT ai_gen(text) FROM t WHERE id > 2 LIMIT 2").collectAsList();
    assertThat(rows).hasSize(2);
    assertThat(counter.asked()).isEqualTo(2);
  }

  @Test
  void tablesAreMadeAndAddedTo() throws Exception {
    counter.reset();
    spark.sql("CREATE TABLE made USING parquet AS SELECT id, ai_gen(text) AS u FROM t");
    assertThat(counter.asked()).isEqualTo(9);
    spark.sql("INSERT INTO made SELECT id + 100, ai_gen(text) FROM t WHERE id > 8");
    assertThat(counter.asked()).isEqualTo(11);
    assertThat(rows(spark.table("made")))
        .isEqualTo(
            rows(
                spark.sql(
                    "SELECT id, ref_gen(text) FROM t UNION ALL"
                        + " SELECT id + 100, ref_gen(text) FROM t WHERE id > 8")));
    spark.sql("DROP TABLE made");
  }

  @Test
  void aCachedTableIsAskedForOnce() throws Exception {
    counter.reset();
    Dataset<Row> cached = spark.sql("SELECT id, ai_gen(text) AS u FROM t").cache();
    assertThat(cached.count()).isEqualTo(10);
    cached.collect();
    spark.sql("SELECT id, ai_gen(text) AS u FROM t").collect();
    assertThat(counter.asked()).isEqualTo(9);
    cached.unpersist(true);
  }

  @Test
  void viewsAndDataFramesHaveThem() throws Exception {
    spark.sql("CREATE OR REPLACE TEMP VIEW v AS SELECT id, ai_gen(text) AS u FROM t");
    counter.reset();
    assertThat(rows(spark.sql("SELECT * FROM v WHERE id = 4")))
        .isEqualTo(rows(spark.sql("SELECT id, ref_gen(text) FROM t WHERE id = 4")));
    assertThat(rows(spark.table("t").filter("id > 8").selectExpr("ai_gen(text)")))
        .isEqualTo(rows(spark.sql("SELECT ref_gen(text) FROM t WHERE id > 8")));
    assertThat(counter.asked()).isEqualTo(3);
  }

  @Test
  void streamsAreAsked() throws Exception {
    counter.reset();
    spark
        .readStream()
        .schema(spark.table("t").schema())
        .parquet(folder.resolve("t.parquet").toString())
        .selectExpr("id", "ai_gen(text) AS u")
        .writeStream()
        .format("memory")
        .queryName("streamed")
        .trigger(Trigger.AvailableNow())
        .start()
        .awaitTermination();
    assertThat(rows(spark.table("streamed")))
        .isEqualTo(rows(spark.sql("SELECT id, ref_gen(text) FROM t")));
    assertThat(counter.asked()).isEqualTo(9);
  }
}
