package dev.strata.udfs.sql;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.api.java.function.VoidFunction2;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.streaming.Trigger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Queries with functions give the rows that the same queries give with an oracle's, and ask no more
 * prompts than they have to.
 */
class SqlQueriesTest {

  @TempDir static Path folder;

  private static SparkSession spark;
  private static ModelOracle oracle;
  private static PromptCounter counter;

  @BeforeAll
  static void start() {
    spark = QueryList.session(folder);
    oracle = ModelOracle.register(spark, SqlSession.MAX_NEW_TOKENS);
    counter = PromptCounter.of(spark);
  }

  @AfterAll
  static void stop() {
    oracle.close();
    spark.stop();
  }

  static List<QueryList.Line> queries() {
    return QueryList.lines();
  }

  @ParameterizedTest
  @MethodSource("queries")
  void rowsAreThoseOfTheOracle(QueryList.Line line) throws Exception {
    assertThat(QueryList.fault(line, spark, counter)).isEmpty();
  }

  @Test
  void theListHasTheKindsOfQueries() {
    assertThat(queries()).hasSizeGreaterThanOrEqualTo(60);
    assertThat(queries()).filteredOn(line -> !line.adaptive()).hasSizeGreaterThanOrEqualTo(5);
  }

  private static List<String> rows(Dataset<Row> rows) {
    return QueryList.rows(rows);
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

  /** Each file of the table is a micro-batch of its own, which is asked for by itself. */
  @Test
  void microBatchesAreAskedOneAfterAnother() throws Exception {
    counter.reset();
    List<Long> batches = new ArrayList<>();
    VoidFunction2<Dataset<Row>, Long> append =
        (batch, number) -> {
          batches.add(number);
          batch.write().mode("append").parquet(folder.resolve("batches").toString());
        };
    spark
        .readStream()
        .schema(spark.table("t").schema())
        .option("maxFilesPerTrigger", 1)
        .parquet(folder.resolve("t.parquet").toString())
        .filter("id <> 4")
        .selectExpr("id", "ai_gen(text) AS u", "ai_filter(text) AS f")
        .writeStream()
        .foreachBatch(append)
        .trigger(Trigger.AvailableNow())
        .start()
        .awaitTermination();
    assertThat(batches).containsExactly(0L, 1L);
    assertThat(rows(spark.read().parquet(folder.resolve("batches").toString())))
        .isEqualTo(
            rows(spark.sql("SELECT id, ref_gen(text), ref_filter(text) FROM t WHERE id <> 4")));
    assertThat(counter.asked()).isEqualTo(16);
  }
}
