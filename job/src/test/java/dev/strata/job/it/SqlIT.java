package dev.strata.job.it;

import static org.assertj.core.api.Assertions.assertThat;

import dev.strata.job.CommandResult;
import dev.strata.job.Demo;
import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apache.spark.launcher.JavaModuleOptions;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * {@code strata sql} with a file of statements, the last of which fails, on each version of Spark
 * with the same jar. The functions are found by themselves; what Spark is asked for is where its
 * versions differ: joins, windows, subqueries, structs, tables.
 */
@Order(1)
class SqlIT {

  private static final String STATEMENTS =
      """
      SELECT left(version(), 3); -- which Spark it is; all else is the same
      CREATE TEMPORARY VIEW t AS SELECT * FROM VALUES (1, 'I am tired.'), (2, NULL) AS v (id, text);
      SELECT id, ai_translate(text, 'fr'), 'a;b' FROM t ORDER BY id;
      SELECT ai_classify(text, array('sea', 'land')) IN ('sea', 'land'), ai_filter(text) FROM t;
      SELECT upper(ai_gen(text)) = upper(ai_summarize(text, 0)), ai_count_tokens(text) FROM t WHERE id = 1;
      SELECT ai_score(text).tokens, size(ai_embed(text)), ai_similarity(text, text) > 0.99 FROM t WHERE id = 1;
      SELECT ai_extract(text, array('name')).name IS NULL, ai_mask(text, array('x')) <> '' FROM t WHERE id = 1;
      WITH g AS (SELECT id, ai_gen(text) AS u FROM t) SELECT x.id, x.u = y.u FROM g x JOIN g y ON x.id = y.id ORDER BY 1;
      SELECT ai_gen(text) IS NULL AS n, count(*) FROM t GROUP BY ai_gen(text) ORDER BY n;
      SELECT id, rank() OVER (PARTITION BY id ORDER BY ai_gen(text)) FROM t ORDER BY id;
      SELECT id FROM t WHERE ai_gen(text) IN (SELECT ai_gen(text) FROM t);
      SELECT ai_gen('', failOnError => false), CASE WHEN id > 1 THEN ai_gen('x') END IS NULL FROM t ORDER BY 2;
      CREATE TABLE made USING parquet AS SELECT id, ai_gen(text) AS u FROM t; SELECT count(u) FROM made; DROP TABLE made;
      SELECT nothing_there FROM t;
      SELECT 'not run';
      """;

  private static final List<String> ROWS =
      List.of(
          "1\tJe suis fatigué.\ta;b",
          "2\tNULL\ta;b",
          "true\tfalse",
          "NULL\tNULL",
          "false\t4",
          "4\t256\ttrue",
          "false\ttrue",
          "1\ttrue",
          "2\tNULL",
          "false\t1",
          "true\t1",
          "1\t1",
          "2\t1",
          "1",
          "{\"result\":null,\"errorMessage\":\"prompt is empty\"}\tfalse",
          "{\"result\":null,\"errorMessage\":\"prompt is empty\"}\ttrue",
          "1");

  private static final List<String> SETTINGS =
      List.of(
          "spark.sql.shuffle.partitions=1",
          "spark.sql.codegen.wholeStage=false",
          "spark.ui.enabled=false",
          "spark.driver.defaultJavaOptions=-XX:TieredStopAtLevel=1",
          "spark.driver.extraJavaOptions=-XX:+UseSerialGC");

  @TempDir Path directory;

  @Test
  void byTheLauncher() throws Exception {
    List<String> words =
        new ArrayList<>(List.of(Demo.ROOT.resolve("submit-scripts/strata").toString()));
    SETTINGS.forEach(setting -> words.addAll(List.of("--conf", setting)));
    words.addAll(command());
    check(words, "4.2");
  }

  /** As spark-submit starts it there, which needs no more than Spark's jars. */
  @ParameterizedTest
  @ValueSource(strings = {"4.0", "4.1"})
  void onOlderVersions(String version) throws Exception {
    Path jars = Demo.ROOT.resolve("target/spark-" + version + "/jars");
    assertThat(jars).as("what ./mvnw verify makes of job/spark-%s", version).isDirectory();
    List<String> words = new ArrayList<>();
    words.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    words.addAll(List.of("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"));
    words.addAll(Arrays.asList(JavaModuleOptions.defaultModuleOptionArray()));
    words.addAll(List.of("-cp", jars + File.separator + "*"));
    words.add("org.apache.spark.deploy.SparkSubmit");
    SETTINGS.forEach(setting -> words.addAll(List.of("--conf", setting)));
    words.addAll(List.of("--class", "dev.strata.job.cli.Strata"));
    words.add(Demo.ROOT.resolve("job/target/strata.jar").toString());
    words.addAll(command());
    check(words, version);
  }

  private List<String> command() throws Exception {
    Path file = Files.writeString(directory.resolve("all.sql"), STATEMENTS);
    return List.of(
        "sql",
        "--model",
        Demo.MODEL.toString(),
        "--host-memory",
        "256m",
        "--max-new-tokens",
        "12",
        "-f",
        file.toString());
  }

  private void check(List<String> words, String version) throws Exception {
    ProcessBuilder builder = new ProcessBuilder(words).directory(directory.toFile());
    builder.environment().put("SPARK_LOCAL_IP", "127.0.0.1");
    CommandResult result = Launcher.execute(builder);
    assertThat(result.exitCode()).as("%s", result.err()).isEqualTo(2);
    assertThat(result.err())
        .filteredOn(line -> line.startsWith("strata: "))
        .singleElement()
        .asString()
        .contains("nothing_there");
    assertThat(result.out()).first().isEqualTo(version);
    assertThat(result.out().subList(1, result.out().size())).isEqualTo(ROWS);
    assertThat(directory)
        .isDirectoryNotContaining("glob:**{metastore_db,derby.log,spark-warehouse}");
  }
}
