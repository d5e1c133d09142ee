package dev.strata.udfs.spark;

import dev.strata.udfs.api.BadWords;
import dev.strata.udfs.api.Nearest;
import dev.strata.udfs.api.RowException;
import dev.strata.udfs.api.SamplingOverrides;
import dev.strata.udfs.api.StrataException;
import dev.strata.udfs.api.TokenBans;
import dev.strata.udfs.text.TemplateArguments;
import java.io.Serializable;
import java.math.BigDecimal;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.MapType;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;
import scala.jdk.javaapi.CollectionConverters;

/** The input columns that override sampling options row by row; null overrides nothing. */
final class RowOptions implements Serializable {

  private static final long serialVersionUID = 1L;

  private static final String USE = "--row-options";

  static final List<String> NAMES =
      List.of(
          "max_new_tokens",
          "min_new_tokens",
          "min_length",
          "repetition_penalty",
          "temperature",
          "top_k",
          "top_p",
          "min_p",
          "stop",
          "stop_strings",
          "stop_token_ids",
          "suppress_tokens",
          "begin_suppress_tokens",
          "no_repeat_ngram_size",
          "bad_words_ids",
          "bad_words",
          "ignore_stop_tokens",
          "ignore_eos",
          "seed",
          TemplateArguments.NAME);

  /**
   * As many characters as a number of JSON may have; reading more takes the time of their square.
   */
  private static final int MOST_DIGITS = 1000;

  private static final int SHOWN_CHARS = 60;

  private final Map<String, Integer> columns;

  private RowOptions(Map<String, Integer> columns) {
    this.columns = columns;
  }

  /**
   * Finds the columns.
   *
   * @throws StrataException if there is no such option or column
   */
  static RowOptions of(List<String> names, TextColumns columns) {
    Map<String, Integer> found = new LinkedHashMap<>();
    for (String name : names) {
      if (!NAMES.contains(name)) {
        throw StrataException.usage(
            "--row-options names '%s', which is not an option of rows%s; those are %s",
            name, Nearest.hint(name, NAMES), String.join(", ", NAMES));
      }
      int column = columns.find(name, USE);
      found.put(name, name.equals(TemplateArguments.NAME) ? json(column, columns) : column);
    }
    return new RowOptions(found);
  }

  /** Where the JSON of a column with objects is. */
  private static int json(int column, TextColumns columns) {
    StructField field = columns.schema().fields()[column];
    DataType type = field.dataType();
    if (!TextColumns.isText(type) && !(type instanceof StructType) && !(type instanceof MapType)) {
      throw StrataException.usage(
          "column '%s' is %s; it must be a text with a JSON object, a struct or a map",
          field.name(), type.catalogString());
    }
    return columns.require(field.name(), USE);
  }

  /**
   * What a row overrides.
   *
   * @throws RowException if a value is of the wrong type
   */
  SamplingOverrides read(Row row) {
    return new SamplingOverrides(
        integer(row, "max_new_tokens"),
        number(row, "repetition_penalty"),
        number(row, "temperature"),
        integer(row, "top_k"),
        number(row, "top_p"),
        number(row, "min_p"),
        stopStrings(row),
        ignoresStopTokens(row),
        TokenIds.list("stop_token_ids", value(row, "stop_token_ids")),
        bans(row));
  }

  /** Those of either name: an option of requests, and a field of transformers. */
  private List<String> stopStrings(Row row) {
    List<String> stop = texts(row, "stop");
    List<String> more = texts(row, "stop_strings");
    if (stop == null || more == null) {
      return stop == null ? more : stop;
    }
    return Stream.concat(stop.stream(), more.stream()).toList();
  }

  /** By the name that vLLM has for it too. */
  private Boolean ignoresStopTokens(Row row) {
    Boolean ignores = flag(row, "ignore_stop_tokens");
    return ignores != null ? ignores : flag(row, "ignore_eos");
  }

  private TokenBans bans(Row row) {
    return new TokenBans(
        integer(row, "min_new_tokens"),
        integer(row, "min_length"),
        integer(row, "no_repeat_ngram_size"),
        TokenIds.list("suppress_tokens", value(row, "suppress_tokens")),
        TokenIds.list("begin_suppress_tokens", value(row, "begin_suppress_tokens")),
        TokenIds.lists("bad_words_ids", value(row, "bad_words_ids")),
        BadWords.of(texts(row, "bad_words")));
  }

  private Object value(Row row, String name) {
    Integer column = columns.get(name);
    return column == null ? null : row.get(column);
  }

  /**
   * What the row's chat template is given besides.
   *
   * @throws RowException if it is no JSON object, or names what is no variable
   */
  TemplateArguments templateArguments(Row row) {
    Object json = value(row, TemplateArguments.NAME);
    return json == null || json.toString().isBlank()
        ? TemplateArguments.NONE
        : TemplateArguments.parse(json.toString());
  }

  /**
   * The seed that a row brings, or null.
   *
   * @throws RowException if it is no whole number
   */
  Long seed(Row row) {
    BigDecimal seed = decimal(row, "seed", "a whole number");
    try {
      return seed == null ? null : seed.longValueExact();
    } catch (ArithmeticException e) {
      throw wrong("seed", seed, "a whole number", e);
    }
  }

  private Integer integer(Row row, String name) {
    BigDecimal number = decimal(row, name, "a whole number");
    try {
      return number == null ? null : number.intValueExact();
    } catch (ArithmeticException e) {
      throw wrong(name, number, "a whole number", e);
    }
  }

  private Double number(Row row, String name) {
    BigDecimal number = decimal(row, name, "a number");
    return number == null ? null : number.doubleValue();
  }

  /** Through a number's digits: 0.7f is meant as 0.7, and columns of CSV files are texts. */
  private BigDecimal decimal(Row row, String name, String type) {
    Object value = value(row, name);
    if (value == null || (value instanceof String text && text.isBlank())) {
      return null;
    }
    if (!(value instanceof Number || value instanceof String)) {
      throw wrong(name, value, type, null);
    }
    String text = value.toString().strip();
    if (text.length() > MOST_DIGITS) {
      throw wrong(name, value, type, null);
    }
    try {
      return new BigDecimal(text);
    } catch (NumberFormatException e) {
      throw wrong(name, value, type, e);
    }
  }

  private Boolean flag(Row row, String name) {
    Object value = value(row, name);
    if (value == null || value instanceof Boolean) {
      return (Boolean) value;
    }
    if (value instanceof String text && text.strip().matches("(?i)true|false")) {
      return Boolean.valueOf(text.strip());
    }
    throw wrong(name, value, "true or false", null);
  }

  private List<String> texts(Row row, String name) {
    Object value = value(row, name);
    if (value == null) {
      return null;
    }
    if (value instanceof String text) {
      return List.of(text);
    }
    if (value instanceof scala.collection.Seq<?> array) {
      return CollectionConverters.asJava(array).stream().map(stop -> text(name, stop)).toList();
    }
    throw wrong(name, value, "a text or an array of texts", null);
  }

  private static String text(String name, Object value) {
    if (value instanceof String text) {
      return text;
    }
    throw wrong(name, value, "a text", null);
  }

  static RowException wrong(String name, Object value, String type, Throwable cause) {
    String text = String.valueOf(value);
    String shown = text.length() <= SHOWN_CHARS ? text : text.substring(0, SHOWN_CHARS) + "...";
    return new RowException("%s is '%s'; it must be %s".formatted(name, shown, type), cause);
  }
}
