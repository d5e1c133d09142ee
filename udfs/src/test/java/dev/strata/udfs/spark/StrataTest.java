package dev.strata.udfs.spark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.strata.udfs.api.StrataException;
import dev.strata.udfs.api.StrataKeys;
import java.lang.reflect.Method;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.StructType;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The data frame API, on a session that somebody else started. */
class StrataTest {

  private static final String MODEL =
      Path.of(System.getProperty("strata.root"), "datasets", "demo-model").toString();
  private static final List<String> OWN =
      List.of("on",
          "set",
          "counting",
          "journaled",
          "ask",
          "generate",
          "summarize",
          "translate");

  private static SparkSession spark;

  @BeforeAll
  static void start() {
    spark =
        TestSession.local(2)
            .config("spark.sql.shuffle.partitions", 2)
            .config("spark.strata.host.memory", "512m")
            .getOrCreate();
  }

  @AfterAll
  static void stop() {
    spark.stop();
  }

  @AfterEach
  void forget() {
    spark.conf().unset("spark.strata.maxNewTokens");
  }

  private static Dataset<Row> rows(String... texts) {
    List<Row> rows = Arrays.stream(texts).map(RowFactory::create).toList();
    return spark.createDataFrame(rows, StructType.fromDDL("body STRING")).coalesce(1);
  }

  private static Strata strata() {
    return Strata.on(spark).model(MODEL).textColumn("body");
  }

  private static List<String> completions(Dataset<Row> rows) {
    return rows.collectAsList().stream().map(row -> row.<String>getAs("completion")).toList();
  }

  @Test
  void translatesByNameOrCode() {
    Dataset<Row> rows = rows("I am tired.");
    List<String> named = completions(strata().toLanguage("french").translate(rows));
    assertThat(named.get(0)).isNotBlank();
    assertThat(completions(strata().toLanguage("fr-FR").translate(rows))).isEqualTo(named);
    String prompt = "Translate the following text to French.\n\n{{body}}";
    assertThat(completions(strata().prompt(prompt).generate(rows))).isEqualTo(named);
    assertThatThrownBy(() -> strata().translate(rows))
        .isInstanceOf(StrataException.class)
        .hasMessageContaining("spark.strata.toLanguage");
  }

  @Test
  void theSessionsKeysCountUnlessOnesOwnDo() {
    spark.conf().set("spark.strata.maxNewTokens", "2");
    Dataset<Row> rows = rows("A program that shows pictures of the sea.");
    Row two = strata().set("ignoreStopTokens", true).summarize(rows).first();
    assertThat(two.<Integer>getAs("completion_tokens")).isEqualTo(2);
    Row three = strata().maxNewTokens(3).set("ignoreStopTokens", true).summarize(rows).first();
    assertThat(three.<Integer>getAs("completion_tokens")).isEqualTo(3);
  }

  @Test
  void methodsAreNamedAsTheirKeys() {
    List<String> keys = StrataKeys.all().stream().map(Strata::methodName).toList();
    List<String> methods =
        Arrays.stream(Strata.class.getMethods())
            .filter(method -> method.getDeclaringClass() == Strata.class)
            .map(Method::getName)
            .filter(name -> !OWN.contains(name))
            .toList();
    assertThat(methods).isNotEmpty();
    assertThat(keys).doesNotHaveDuplicates().containsAll(methods);
    assertThatThrownBy(() -> strata().set("textColum", "x"))
        .hasMessage("there is no key 'textColum'; did you mean 'textColumn'?");
  }

  /** Counted, and with the same rows as without. */
  @Test
  void equalPromptsAreAskedOnce() {
    Dataset<Row> rows = rows("A box.", "A tree.", "A box.", "A box.", "A tree.", null, null);
    List<String> once = completions(strata().maxNewTokens(3).generate(rows).orderBy("body"));
    List<String> each =
        completions(strata().maxNewTokens(3).dedupe(false).generate(rows).orderBy("body"));
    assertThat(once).isEqualTo(each);
    EngineStats stats = EngineStats.register(spark);
    dev.strata.udfs.api.StrataConf conf =
        dev.strata.udfs.api.StrataConf.of(
            java.util.Map.of(
                "spark.strata.model", MODEL,
                "spark.strata.host.memory", "512m",
                "spark.strata.text.column", "body",
                "spark.strata.maxNewTokens", "3"));
    Generation.apply(rows, conf.generationOptions(conf.promptOptions()), stats).collect();
    assertThat(stats.value().rows().repeated()).isEqualTo(3);
    assertThat(stats.value().rows().done()).isEqualTo(7);
    assertThat(stats.value().rows().errors()).isEqualTo(2);
  }

  /** Random numbers come from a row's id, which differs where its prompt does not. */
  @Test
  void equalPromptsWithOtherSeedsAreAskedEach() {
    Dataset<Row> rows =
        spark.sql("SELECT 'A box.' AS body, id FROM range(0, 6, 1, 1)").selectExpr("body", "id");
    Strata warm = strata().temperature(1.5).idColumn("id").maxNewTokens(6);
    assertThat(completions(warm.generate(rows)).stream().distinct().count()).isGreaterThan(1);
  }
}
