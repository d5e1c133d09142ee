package dev.strata.udfs.sql;

import static org.assertj.core.api.Assertions.assertThat;

import dev.strata.udfs.api.EngineSnapshot;
import dev.strata.udfs.spark.RunProgress;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** How often the model is streamed, which is what rows cost. */
class SharedSweepsTest {

  private static final int TOKENS = 40;

  @TempDir static Path folder;

  private static SparkSession spark;
  private static ModelOracle oracle;

  @BeforeAll
  static void start() {
    spark = SqlSession.start(folder);
    spark.sparkContext().setLogLevel("ERROR");
    oracle = ModelOracle.register(spark, SqlSession.MAX_NEW_TOKENS);
  }

  @AfterAll
  static void stop() {
    oracle.close();
    spark.stop();
  }

  private static long sweeps(String query) {
    Dataset<Row> rows = spark.sql(query);
    rows.collect();
    return SweepCount.sweeps(rows);
  }

  /** Each answer has as many tokens, whatever it says. */
  private static long sweepsOfLongAnswers(String query) {
    spark.conf().set("spark.strata.ignoreStopTokens", true);
    spark.conf().set("spark.strata.maxNewTokens", TOKENS);
    try {
      return sweeps(query);
    } finally {
      spark.conf().unset("spark.strata.ignoreStopTokens");
      spark.conf().set("spark.strata.maxNewTokens", SqlSession.MAX_NEW_TOKENS);
    }
  }

  @Test
  void callsOfDifferentFunctionsShareSweeps() {
    String rows = " FROM (SELECT concat('Number ', id, '.') AS x FROM range(0, 4, 1, 1))";
    long alone = sweepsOfLongAnswers("SELECT ai_gen(x)" + rows);
    long together =
        sweepsOfLongAnswers(
            "SELECT ai_gen(x), ai_translate(x, 'fr'), ai_summarize(x), ai_fix_grammar(x),"
                + " ai_classify(x, array('a', 'b c')), ai_score(x), ai_filter(x), ai_embed(x)"
                + rows);
    assertThat(alone).isBetween((long) TOKENS, TOKENS + TOKENS / 2L);
    assertThat(together).isBetween((long) TOKENS, TOKENS + TOKENS / 2L);
  }

  /** Two tasks of an executor use one engine at the same time. */
  @Test
  void tasksShareSweeps() {
    String query = "SELECT ai_gen(concat('Number ', id, '.')) FROM range(0, %d, 1, %d)";
    long one = sweepsOfLongAnswers(query.formatted(4, 1));
    long two = sweepsOfLongAnswers(query.formatted(8, 2));
    assertThat(two).isBetween((long) TOKENS, one + 3 * one / 4);
  }

  /** Tasks that share an engine say together what it did, each time once. */
  @ParameterizedTest
  @ValueSource(
      strings = {
        "SELECT ai_gen(concat('Number ', id, '.')) FROM range(0, 12, 1, 3)",
        "SELECT k, ai_agg(x, 'Name one.') FROM (SELECT id % 3 AS k, concat('Number ', id, '.') AS x"
            + " FROM range(0, 12, 1, 3)) GROUP BY k"
      })
  void theNodeHasWhatItsEngineDid(String query) {
    Dataset<Row> rows = spark.sql(query);
    rows.collect();
    AskExec node = SweepCount.nodes(rows.queryExecution().executedPlan()).get(0);
    RunProgress progress = node.failures().value();
    assertThat(metric(node, "sweeps")).isPositive().isEqualTo(progress.sum(EngineSnapshot::sweeps));
    assertThat(metric(node, "bytesRead"))
        .isPositive()
        .isEqualTo(progress.sum(EngineSnapshot::readBytes));
    assertThat(metric(node, "diskTime") + metric(node, "copyTime") + metric(node, "computeTime"))
        .isEqualTo(progress.sum(EngineSnapshot::busyNanos));
  }

  private static long metric(AskExec node, String name) {
    return node.metrics().get(name).get().value();
  }

  /** What a call brings lies over what the session says. */
  @Test
  void chatTemplatesAreGivenArguments(@TempDir Path model) throws IOException {
    try (Stream<Path> files = Files.list(ModelOracle.MODEL)) {
      for (Path file : files.toList()) {
        Files.createSymbolicLink(model.resolve(file.getFileName()), file);
      }
    }
    Path template = model.resolve("chat_template.jinja");
    String text = Files.readString(template);
    Files.delete(template);
    Files.writeString(
        template, text.replace("message['content'] | trim", "message['content'] ~ tone ~ mood"));
    spark.conf().set("spark.strata.models.toned", model.toString());
    spark
        .conf()
        .set("spark.strata.chat.template.kwargs", "{\"tone\": \" Softly.\", \"mood\": \"\"}");
    try {
      Row row =
          spark
              .sql(
                  "SELECT ai_query('toned', 'Hello.'), ai_query('toned', 'Hello.', modelParameters"
                      + " => named_struct('chat_template_kwargs', '{\"mood\": \" Now.\"}')),"
                      + " ai_fix_grammar('Hello.', model => 'toned')")
              .first();
      assertThat(row.getString(0)).isEqualTo(ModelOracle.ask("Hello. Softly."));
      assertThat(row.getString(1)).isEqualTo(ModelOracle.ask("Hello. Softly. Now."));
      assertThat(row.getString(2))
          .isEqualTo(
              ModelOracle.ask(
                  "Correct the grammar and spelling of the following text. Answer with the"
                      + " corrected text alone.\n\n"
                      + "Hello. Softly."));
    } finally {
      spark.conf().unset("spark.strata.models.toned");
      spark.conf().unset("spark.strata.chat.template.kwargs");
    }
  }
}
