package dev.strata.udfs.spark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.strata.udfs.api.StrataException;
import dev.strata.udfs.api.StrataKeys;
import java.lang.reflect.Method;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.functions;
import org.apache.spark.sql.types.StructType;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The data frame API, on a session that somebody else started. */
class StrataTest {

  private static final String MODEL =
      Path.of(System.getProperty("strata.root"), "datasets", "demo-model").toString();
  private static final List<String> OWN =
      List.of(
          "on",
          "set",
          "counting",
          "journaled",
          "answersInto",
          "ask",
          "generate",
          "summarize",
          "translate",
          "classify",
          "score",
          "embed");

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

  /** Whatever the order in which they end, over all partitions. */
  @ParameterizedTest
  @CsvSource({
    "24, 0.5, 24 of 3",
    "24, 0.8, ",
    "6, 0.5, 6 of 9 rows failed",
    "6, 0.67, ",
    "200, 0.9, the last with: column 'body' is null"
  })
  void tooManyRowsThatFailEndARun(int failing, String rate, String message) {
    String[] texts = new String[failing + failing / 2];
    for (int i = failing; i < texts.length; i++) {
      texts[i] = failing == 200 ? null : "A box, number " + i;
    }
    Strata strata = strata().maxNewTokens(1).set("maxErrorRate", rate).partitions(2);
    if (message == null) {
      assertThat(strata.generate(rows(texts)).count()).isEqualTo(texts.length);
    } else {
      assertThatThrownBy(() -> strata.generate(rows(texts)).collect())
          .hasStackTraceContaining("which is more than spark.strata.maxErrorRate, " + rate)
          .hasStackTraceContaining(message);
    }
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

  /** Rows come out with what the model makes of them; one that has no text has an error. */
  @Test
  void choosesScoresAndEmbeds() {
    Dataset<Row> rows = rows("The sea is green.", null).orderBy(functions.desc("body")).coalesce(1);
    Row chosen = found(strata().classify(rows, List.of("a boat", "a tree", "sea"))).get(0);
    Map<String, Double> shares = chosen.getJavaMap(chosen.fieldIndex("probabilities"));
    assertThat(shares).containsOnlyKeys("a boat", "a tree", "sea");
    assertThat(shares.values().stream().mapToDouble(Double::doubleValue).sum())
        .isCloseTo(1, within(1e-6));
    String best = Collections.max(shares.entrySet(), Map.Entry.comparingByValue()).getKey();
    assertThat(chosen.<String>getAs("label")).isEqualTo(best);

    Row score = found(strata().score(rows)).get(0);
    assertThat(score.<Double>getAs("log_likelihood")).isNegative();
    assertThat(score.<Integer>getAs("tokens")).isBetween(3, 20);

    List<Float> vector = found(strata().embed(rows)).get(0).getList(1);
    assertThat(vector.stream().mapToDouble(x -> x * x).sum()).isCloseTo(1, within(1e-4));
  }

  /** The first row, after the second is seen to have an error and nothing else. */
  private static List<Row> found(Dataset<Row> answered) {
    List<Row> rows = answered.orderBy(functions.desc("body")).collectAsList();
    Row failed = rows.get(1);
    assertThat(failed.<String>getAs("error")).isEqualTo("column 'body' is null");
    for (int i = 0; i < failed.length() - 1; i++) {
      assertThat(failed.isNullAt(i)).as(failed.schema().fieldNames()[i]).isTrue();
    }
    assertThat(rows.get(0).<String>getAs("error")).isNull();
    return rows;
  }

  @Test
  void labelsAreNames() {
    for (List<String> labels : List.of(List.<String>of(), List.of("a", "a"), List.of("a", " "))) {
      assertThatThrownBy(() -> strata().classify(rows("x"), labels))
          .isInstanceOf(StrataException.class)
          .hasMessageContaining("names, all different");
    }
  }
}
