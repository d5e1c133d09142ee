package dev.strata.udfs.spark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.strata.udfs.api.BadWords;
import dev.strata.udfs.api.RowException;
import dev.strata.udfs.api.SamplingOptions;
import dev.strata.udfs.api.SamplingOverrides;
import dev.strata.udfs.api.StrataException;
import dev.strata.udfs.api.TokenBans;
import java.math.BigDecimal;
import java.util.List;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.StructType;
import org.junit.jupiter.api.Test;
import scala.jdk.javaapi.CollectionConverters;

class RowOptionsTest {

  private static final StructType SCHEMA =
      StructType.fromDDL(
          "text STRING, max_new_tokens BIGINT, temperature FLOAT, stop ARRAY<STRING>, top_k"
              + " DOUBLE");

  @Test
  void valuesOfARow() {
    SamplingOverrides overrides =
        read(row(12L, 0.7f, CollectionConverters.asScala(List.of("a", "b")).toSeq(), 4.0));

    assertThat(overrides)
        .isEqualTo(new SamplingOverrides(12, null, 0.7, 4, null, null, List.of("a", "b"), null));
  }

  /** As columns of CSV files are. */
  @Test
  void numbersAsTexts() {
    StructType texts = StructType.fromDDL("max_new_tokens STRING, top_p STRING, seed STRING");
    RowOptions options =
        RowOptions.of(List.of("max_new_tokens", "top_p", "seed"), new TextColumns(texts));
    Row row = RowFactory.create(" 12", "0.9", "9007199254740993");
    assertThat(options.read(row).maxNewTokens()).isEqualTo(12);
    assertThat(options.read(row).topP()).isEqualTo(0.9);
    assertThat(options.seed(row)).isEqualTo(9007199254740993L);
    Row empty = RowFactory.create("", null, " ");
    assertThat(options.read(empty)).isEqualTo(SamplingOverrides.NONE);
    assertThat(options.seed(empty)).isNull();
    assertThatThrownBy(() -> options.seed(RowFactory.create(null, null, "1.5")))
        .isInstanceOf(RowException.class)
        .hasMessage("seed is '1.5'; it must be a whole number");
  }

  @Test
  void nullOverridesNothing() {
    assertThat(read(row(null, null, null, null))).isEqualTo(SamplingOverrides.NONE);
  }

  @Test
  void columnsThatAreNotNamedAreData() {
    RowOptions options = RowOptions.of(List.of("temperature"), new TextColumns(SCHEMA));
    assertThat(options.read(row(12L, 0.5f, null, null)).maxNewTokens()).isNull();
  }

  @Test
  void wrongValues() {
    assertThatThrownBy(() -> read(row(3_000_000_000L, null, null, null)))
        .isInstanceOf(RowException.class)
        .hasMessage("max_new_tokens is '3000000000'; it must be a whole number");
    assertThatThrownBy(() -> read(row(null, null, null, 1.5)))
        .hasMessage("top_k is '1.5'; it must be a whole number");
    assertThatThrownBy(() -> read(row(null, null, null, Double.NaN)))
        .hasMessage("top_k is 'NaN'; it must be a whole number");
    assertThatThrownBy(() -> read(row(new BigDecimal("2"), "warm", null, null)))
        .hasMessage("temperature is 'warm'; it must be a number");
    assertThatThrownBy(() -> read(row(null, null, 5, null)))
        .hasMessage("stop is '5'; it must be a text or an array of texts");
  }

  /** Whatever a number's digits are, it is the row's error, soon. */
  @Test
  void numbersBeyondAllTypes() {
    StructType texts = StructType.fromDDL("max_new_tokens STRING, temperature STRING, seed STRING");
    RowOptions options =
        RowOptions.of(List.of("max_new_tokens", "temperature", "seed"), new TextColumns(texts));
    for (String number :
        List.of("1e400", "-1e400", "1e2147483647", "1e-2147483647", "1e99999999999", "Infinity")) {
      assertThatThrownBy(() -> options.read(RowFactory.create(number, null, null)))
          .isInstanceOf(RowException.class)
          .hasMessageEndingWith("; it must be a whole number");
      assertThatThrownBy(() -> options.seed(RowFactory.create(null, null, number)))
          .isInstanceOf(RowException.class)
          .hasMessageEndingWith("; it must be a whole number");
    }
    assertThatThrownBy(() -> options.read(RowFactory.create("9".repeat(5_000_000), null, null)))
        .hasMessage("max_new_tokens is '%s...'; it must be a whole number", "9".repeat(60));
    SamplingOverrides hot = options.read(RowFactory.create(null, "1e400", null));
    assertThatThrownBy(() -> hot.applyTo(SamplingOptions.greedy(1)))
        .isInstanceOf(RowException.class)
        .hasMessage("temperature is Infinity; it must be 0 or more");
  }

  @Test
  void rangesAreCheckedWhereTheyAreApplied() {
    SamplingOverrides overrides = read(row(0L, null, null, null));
    assertThatThrownBy(() -> overrides.applyTo(SamplingOptions.greedy(1)))
        .isInstanceOf(RowException.class)
        .hasMessage("max_new_tokens is 0; it must be at least 1");
  }

  @Test
  void unknownNames() {
    assertThatThrownBy(() -> RowOptions.of(List.of("max_tokens"), new TextColumns(SCHEMA)))
        .isInstanceOf(StrataException.class)
        .hasMessageStartingWith("--row-options names 'max_tokens', which is not an option of rows");
    assertThatThrownBy(() -> RowOptions.of(List.of("top_p"), new TextColumns(SCHEMA)))
        .isInstanceOf(StrataException.class)
        .hasMessageStartingWith("the input has no column 'top_p', which --row-options names");
  }

  @Test
  void argumentsOfTemplatesAreObjects() {
    TextColumns columns =
        new TextColumns(StructType.fromDDL("text STRING, chat_template_kwargs BOOLEAN"));
    assertThatThrownBy(() -> RowOptions.of(List.of("chat_template_kwargs"), columns))
        .isInstanceOf(StrataException.class)
        .hasMessage(
            "column 'chat_template_kwargs' is boolean; it must be a text with a JSON object, a"
                + " struct or a map");
  }

  @Test
  void bannedTokens() {
    StructType schema =
        StructType.fromDDL(
            "min_new_tokens INT, min_length INT, no_repeat_ngram_size STRING, suppress_tokens"
                + " ARRAY<BIGINT>, begin_suppress_tokens STRING, bad_words_ids ARRAY<ARRAY<INT>>,"
                + " bad_words ARRAY<STRING>, stop STRING, stop_strings ARRAY<STRING>,"
                + " stop_token_ids STRING, ignore_eos BOOLEAN");
    RowOptions options = RowOptions.of(List.of(schema.fieldNames()), new TextColumns(schema));
    SamplingOverrides all =
        options.read(
            RowFactory.create(
                2,
                3,
                "4",
                seq(5L, 6L),
                "[7, 8]",
                seq(seq(9), seq(1, 2)),
                seq("no", " never"),
                "a",
                seq("b"),
                "[3]",
                true));
    assertThat(all.bans())
        .isEqualTo(
            new TokenBans(
                2,
                3,
                4,
                List.of(5, 6),
                List.of(7, 8),
                List.of(List.of(9), List.of(1, 2)),
                BadWords.of(List.of("no", " never"))));
    assertThat(all.stopStrings()).containsExactly("a", "b");
    assertThat(all.stopTokenIds()).containsExactly(3);
    assertThat(all.ignoreStopTokens()).isTrue();
    assertThat(
            options.read(
                RowFactory.create(null, null, "", null, " ", null, null, null, null, null, null)))
        .isEqualTo(SamplingOverrides.NONE);
    for (String wrong : List.of("[1.5]", "[1", "7", "[[1]]", "[\"1\"]", "[9999999999]", "[1e99]")) {
      assertThatThrownBy(
              () ->
                  options.read(
                      RowFactory.create(
                          null, null, null, null, wrong, null, null, null, null, null, null)))
          .isInstanceOf(RowException.class)
          .hasMessage(
              "begin_suppress_tokens is '%s'; it must be an array of token ids"
                  .formatted(wrong.equals("[1") || wrong.equals("7") ? wrong : inner(wrong)));
    }
  }

  @Test
  void idsAreNumbers() {
    assertThatThrownBy(() -> TokenIds.list("stop_token_ids", seq("7")))
        .isInstanceOf(RowException.class)
        .hasMessage("stop_token_ids is '7'; it must be an array of token ids");
  }

  /** A text is shown as a whole where it is no array, else the id that is none. */
  private static String inner(String array) {
    return array.substring(1, array.length() - 1);
  }

  private static Object seq(Object... elements) {
    return CollectionConverters.asScala(List.of(elements)).toSeq();
  }

  private static SamplingOverrides read(Row row) {
    return RowOptions.of(
            List.of("max_new_tokens", "temperature", "stop", "top_k"), new TextColumns(SCHEMA))
        .read(row);
  }

  private static Row row(Object maxNewTokens, Object temperature, Object stop, Object topK) {
    return RowFactory.create("text", maxNewTokens, temperature, stop, topK);
  }
}
