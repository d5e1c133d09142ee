package dev.strata.udfs.spark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.strata.udfs.api.Message;
import dev.strata.udfs.api.PromptOptions;
import dev.strata.udfs.api.RunIdentity;
import dev.strata.udfs.api.StrataConf;
import dev.strata.udfs.api.StrataException;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TimeZone;
import java.util.function.UnaryOperator;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.StructType;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Prompts show what the session itself would print. */
class TextColumnsTest {

  /** Neither the JVM's zone nor one of whole hours. */
  private static final String ZONE = "Asia/Kathmandu";

  private static final String[] ATOMS = {
    "CAST('0.0000001' AS DECIMAL(10,7))",
    "CAST('12345678901234567890.5' AS DECIMAL(38,1))",
    "CAST('100' AS DECIMAL(5,0))",
    "TIMESTAMP'2024-02-29 23:59:59.5'",
    "TIMESTAMP'0001-01-01 00:00:00'",
    "TIMESTAMP_NTZ'2024-02-29 23:59:59.123456'",
    "DATE'1582-10-15'",
    "DATE'-0044-03-15'",
    "INTERVAL '3-1' YEAR TO MONTH",
    "INTERVAL '3 04:05:06.007' DAY TO SECOND",
    "make_interval(1, 2, 3, 4, 5, 6, 7.5)",
    "true",
    "false",
    "X'68C3A9FF'",
    "1e7F",
    "1e7D",
    "0.1F",
    "CAST('NaN' AS DOUBLE)",
    "CAST('-Infinity' AS FLOAT)",
    "-0.0D",
    "7Y",
    "7S",
    "-9223372036854775808L",
    "'a text'",
    "CAST('x' AS CHAR(3))",
    "parse_json('{\"a\": [1, \"b\", null]}')",
    "parse_json('\"plain\"')",
  };

  private static final String[] NESTED = {
    "array(1, NULL, 3)",
    "array(TIMESTAMP'2024-02-29 23:59:59', NULL)",
    "map('k', DATE'2024-02-29', 'l', NULL)",
    "map(1, 'one')",
    "named_struct('a', 1.50BD, 'b', NULL, 'c', array(named_struct('d', true)))",
    "array(X'00FF')",
    "array(INTERVAL '3' DAY)",
    "array(parse_json('[1, {}]'))",
    "array()",
  };

  private static SparkSession spark;
  private static TimeZone zone;

  @BeforeAll
  static void start() {
    zone = TimeZone.getDefault();
    TimeZone.setDefault(TimeZone.getTimeZone("America/New_York"));
    spark =
        TestSession.local(1)
            .config("spark.sql.codegen.wholeStage", false) // not worth it for a few rows
            .getOrCreate();
  }

  @AfterAll
  static void stop() {
    spark.stop();
    TimeZone.setDefault(zone);
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void valuesAreWhatTheSessionCastsThemTo(boolean ansi) {
    SparkSession session = session("spark.sql.ansi.enabled", Boolean.toString(ansi));
    assertShown(session, ATOMS, "CAST(%s AS STRING)");
    assertShown(session, NESTED, "to_json(%s)");
  }

  @Test
  void timestampsAreInTheSessionsZone() {
    Dataset<Row> input = session().sql("SELECT TIMESTAMP'2024-06-01 12:00:00Z' AS at");
    assertThat(prompts(input, "{{at}}")).containsExactly("2024-06-01 17:45:00");
    SparkSession utc = session("spark.sql.session.timeZone", "UTC");
    assertThat(prompts(utc.sql("SELECT TIMESTAMP'2024-06-01 12:00:00Z' AS at"), "{{at}}"))
        .containsExactly("2024-06-01 12:00:00");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "'{\"day\": \"2024-02-29\", \"k\": true}'",
        "named_struct('k', true, 'day', DATE'2024-02-29', 'none', NULL)",
        "map('day', '2024-02-29', 'k', 'true')"
      })
  void argumentsForTemplatesAreTextsStructsOrMaps(String column) {
    Dataset<Row> input =
        session().sql("SELECT 'x' AS text, " + column + " AS chat_template_kwargs");
    Map<String, String> settings =
        Map.of("spark.strata.model", "m", "spark.strata.row.options", "chat_template_kwargs");
    TextColumns columns = new TextColumns(input.schema());
    RowPrompts prompts =
        RowPrompts.of(
            StrataConf.of(settings).generationOptions(new PromptOptions("{{text}}", null, null)),
            columns);
    Row row = columns.rows(input).collectAsList().get(0);
    String arguments = prompts.prompt(row, UnaryOperator.identity()).arguments().toString();
    assertThat(arguments.replace("\"true\"", "true"))
        .isEqualTo("{\"day\":\"2024-02-29\",\"k\":true}");
  }

  @Test
  void otherSettingsOfTheSessionHold() {
    SparkSession java8 = session("spark.sql.datetime.java8API.enabled", "true");
    assertShown(java8, ATOMS, "CAST(%s AS STRING)");
    SparkSession nulls = session("spark.sql.jsonGenerator.ignoreNullFields", "false");
    assertThat(prompts(nulls.sql("SELECT named_struct('a', NULL, 'b', 1) AS c"), "{{c}}"))
        .containsExactly("{\"a\":null,\"b\":1}");
  }

  @Test
  void namesMayOccurTwiceOrHoldAnything() {
    Dataset<Row> input =
        session().sql("SELECT 1 AS a, 2 AS a, 0.5D AS `b.c`, DATE'2024-01-02' AS `d``e`");
    assertThat(prompts(input, "{{a}} {{b.c}} {{d`e}}")).containsExactly("1 0.5 2024-01-02");
  }

  @Test
  void systemMessagesAndIdsAlike() {
    Dataset<Row> input = session().sql("SELECT CAST(1e-7 AS DECIMAL(9,7)) AS id, 'x' AS text");
    TextColumns texts = new TextColumns(input.schema());
    RowPrompts prompts =
        RowPrompts.of(
            StrataConf.of(Map.of("spark.strata.model", "m", "spark.strata.id.column", "id"))
                .generationOptions(new PromptOptions("{{text}}", "of {{id}}", null)),
            texts);
    Row row = texts.rows(input).first();
    assertThat(prompts.id(row)).isEqualTo("0.0000001");
    assertThat(prompts.prompt(row, UnaryOperator.identity()).conversation())
        .containsExactly(new Message("system", "of 0.0000001"), new Message("user", "x"));
  }

  @Test
  void textsAreAsTheyAreAndRowsToo() {
    Dataset<Row> input = session().sql("SELECT 'x' AS text, 1 AS n");
    TextColumns texts = new TextColumns(input.schema());
    assertThat(texts.require("text", "a test")).isZero();
    assertThat(texts.rows(input)).isSameAs(input);
    assertThat(texts.require("N", "a test")).isEqualTo(texts.require("n", "a test")).isEqualTo(2);
    assertThat(texts.rows(input).columns()).hasSize(3);
  }

  @Test
  void nullsAreErrorsOfTheirRows() {
    assertThatThrownBy(() -> prompts(session().sql("SELECT CAST(NULL AS DATE) AS d"), "{{d}}"))
        .hasMessage("column 'd' is null");
  }

  @Test
  void messagesOfOtherTypes() {
    List<Message> expected =
        List.of(new Message("user", "2024-01-02"), new Message("3", "2024-01-03"));
    String structs =
        "array(named_struct('content', DATE'2024-01-02', 'role', 'user'),"
            + " named_struct('content', DATE'2024-01-03', 'role', '3'))";
    assertThat(messages(structs)).isEqualTo(expected);
    assertThat(messages("array(named_struct('role', 7, 'content', array(1, 2)))"))
        .containsExactly(new Message("7", "[1,2]"));
    assertThat(messages("array(map('role', parse_json('\"user\"'), 'content', parse_json('[1]')))"))
        .containsExactly(new Message("user", "[1]"));
    assertThatThrownBy(() -> messages("array(named_struct('role', 'user', 'content', 1), NULL)"))
        .hasMessage("message 2 of column 'chat' is null");
    assertThatThrownBy(
            () -> messages("array(named_struct('role', 'user', 'content', CAST(NULL AS INT)))"))
        .hasMessage("message 1 of column 'chat' has no content");
  }

  @Test
  void fingerprintsKeepTheInputsColumnsAlone() {
    Dataset<Row> input = session().sql("SELECT DATE'2024-01-02' AS d, 'x' AS text");
    Dataset<Row> rows =
        Fingerprints.add(
            input,
            List.of("text"),
            options(new PromptOptions("{{d}}", null, null)),
            new RunIdentity("1", "2", "3"));
    assertThat(rows.columns()).containsExactly("d", "text", Fingerprints.COLUMN);
    assertThat(rows.first().getString(2)).startsWith("1-2-3-").doesNotEndWith("-unasked");
  }

  @Test
  void typesWithoutTexts() {
    StructType schema = StructType.fromDDL("o GEOMETRY(4326)");
    assertThatThrownBy(() -> new TextColumns(schema).require("o", "the prompt"))
        .isInstanceOf(StrataException.class)
        .hasMessageContaining("which a prompt cannot show");
  }

  private static SparkSession session(String... settings) {
    SparkSession session = spark.newSession();
    session.conf().set("spark.sql.session.timeZone", ZONE);
    for (int i = 0; i < settings.length; i += 2) {
      session.conf().set(settings[i], settings[i + 1]);
    }
    return session;
  }

  /** Compares with what the session makes of the values, and that with nothing of ours. */
  private static void assertShown(SparkSession session, String[] values, String expression) {
    String[] named = new String[values.length];
    Arrays.setAll(named, i -> values[i] + " AS c" + i);
    Dataset<Row> input = session.sql("SELECT " + String.join(", ", named));
    StringBuilder template = new StringBuilder();
    String[] texts = new String[values.length];
    for (int i = 0; i < values.length; i++) {
      template.append("{{c").append(i).append("}}\n");
      texts[i] = expression.formatted("c" + i);
    }
    Row expected = input.selectExpr(texts).first();
    StringBuilder all = new StringBuilder();
    for (int i = 0; i < values.length; i++) {
      all.append(expected.getString(i)).append('\n');
    }
    assertThat(prompts(input, template.toString())).containsExactly(all.toString());
  }

  private static List<String> prompts(Dataset<Row> input, String template) {
    TextColumns texts = new TextColumns(input.schema());
    RowPrompts prompts = RowPrompts.of(options(new PromptOptions(template, null, null)), texts);
    return texts.rows(input).collectAsList().stream()
        .map(row -> prompts.prompt(row, UnaryOperator.identity()).conversation().get(0).content())
        .toList();
  }

  private static List<Message> messages(String expression) {
    Dataset<Row> input = session().sql("SELECT 1 AS n, " + expression + " AS chat");
    TextColumns texts = new TextColumns(input.schema());
    MessagesColumn column = MessagesColumn.of("chat", texts);
    return column.read(texts.rows(input).first());
  }

  private static dev.strata.udfs.api.GenerationOptions options(PromptOptions prompt) {
    Map<String, String> settings = new HashMap<>(Map.of("spark.strata.model", "m"));
    return StrataConf.of(settings).generationOptions(prompt);
  }
}
