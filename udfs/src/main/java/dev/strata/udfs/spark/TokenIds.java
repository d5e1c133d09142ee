package dev.strata.udfs.spark;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import dev.strata.udfs.api.RowException;
import java.math.BigDecimal;
import java.util.List;
import scala.jdk.javaapi.CollectionConverters;

/** Lists of token ids in a column: an array, or a text with a JSON array, as CSV files have it. */
final class TokenIds {

  private static final String ONE = "an array of token ids";
  private static final String SEVERAL = "an array of arrays of token ids";
  private static final int MOST_DIGITS = 20;

  private TokenIds() {}

  /**
   * The ids of a value; null if it is null or blank.
   *
   * @param name the option, for messages
   * @throws RowException if it is something else
   */
  static List<Integer> list(String name, Object value) {
    return isNothing(value) ? null : ids(name, value, ONE);
  }

  /** As {@link #list}, of a list of lists. */
  static List<List<Integer>> lists(String name, Object value) {
    return isNothing(value)
        ? null
        : elements(name, value, SEVERAL).stream()
            .map(element -> ids(name, element, SEVERAL))
            .toList();
  }

  private static boolean isNothing(Object value) {
    return value == null || (value instanceof String text && text.isBlank());
  }

  private static List<Integer> ids(String name, Object value, String type) {
    return elements(name, value, type).stream().map(id -> id(name, id, type)).toList();
  }

  private static List<?> elements(String name, Object value, String type) {
    if (value instanceof scala.collection.Seq<?> array) {
      return CollectionConverters.asJava(array);
    }
    if (value instanceof JsonArray array) {
      return array.asList();
    }
    if (value instanceof String text) {
      return elements(name, parsed(name, text, type), type);
    }
    throw RowOptions.wrong(name, value, type, null);
  }

  private static JsonElement parsed(String name, String text, String type) {
    try {
      return JsonParser.parseString(text);
    } catch (JsonParseException e) {
      throw RowOptions.wrong(name, text, type, e);
    }
  }

  private static Integer id(String name, Object value, String type) {
    boolean isNumber =
        value instanceof Number
            || (value instanceof JsonElement json
                && json.isJsonPrimitive()
                && json.getAsJsonPrimitive().isNumber());
    String digits = String.valueOf(value);
    if (!isNumber || digits.length() > MOST_DIGITS) {
      throw RowOptions.wrong(name, value, type, null);
    }
    try {
      return new BigDecimal(digits).intValueExact();
    } catch (ArithmeticException | NumberFormatException e) {
      throw RowOptions.wrong(name, value, type, e);
    }
  }
}
