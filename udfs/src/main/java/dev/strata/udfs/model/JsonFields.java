package dev.strata.udfs.model;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import dev.strata.udfs.api.StrataException;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * The fields of a JSON object, read with their types and ranges checked. Every error names field,
 * value and file. A field that is null reads as one that is absent, as in Hugging Face's
 * configuration classes; {@link #isNull} tells the two apart.
 */
final class JsonFields {

  private static final Pattern CONTROL = Pattern.compile("\\p{Cntrl}");
  private static final int MAX_SHOWN = 60;

  private final JsonObject object;
  private final String prefix;
  private final String origin;
  private final SizeBounds bounds;

  private JsonFields(JsonObject object, String prefix, String origin) {
    this(object, prefix, origin, SizeBounds.NONE);
  }

  private JsonFields(JsonObject object, String prefix, String origin, SizeBounds bounds) {
    this.object = object;
    this.prefix = prefix;
    this.origin = origin;
    this.bounds = bounds;
  }

  /** The same fields, with sizes of tensors held to what is there. */
  JsonFields within(SizeBounds bounds) {
    return new JsonFields(object, prefix, origin, bounds);
  }

  static JsonFields parse(String json, String origin) {
    JsonElement element = PythonJson.parse(json, origin);
    if (!element.isJsonObject()) {
      throw StrataException.model(
          "%s is not a JSON object but %s; download the file again", origin, shown(element));
    }
    return new JsonFields(element.getAsJsonObject(), "", origin);
  }

  /** The same with another's value of a field that is absent here. */
  JsonFields withDefault(String name, JsonFields other) {
    return isPresent(name) || !other.isPresent(name) ? this : with(name, other.object.get(name));
  }

  /** The same with values of fields that are absent. */
  JsonFields withDefaults(Map<String, Integer> values) {
    JsonFields all = this;
    for (Map.Entry<String, Integer> value : values.entrySet()) {
      if (!isPresent(value.getKey())) {
        all = all.with(value.getKey(), new JsonPrimitive(value.getValue()));
      }
    }
    return all;
  }

  private JsonFields with(String name, JsonElement value) {
    JsonObject copy = object.deepCopy();
    copy.add(name, value);
    return new JsonFields(copy, prefix, origin, bounds);
  }

  Set<String> names() {
    return object.keySet();
  }

  boolean isPresent(String name) {
    return object.has(name) && !isNull(name);
  }

  boolean isNull(String name) {
    return object.has(name) && object.get(name).isJsonNull();
  }

  JsonFields object(String name) {
    if (!isPresent(name)) {
      return new JsonFields(new JsonObject(), prefix + name + ".", origin);
    }
    JsonElement value = object.get(name);
    if (!value.isJsonObject()) {
      throw invalid(name, "an object");
    }
    return new JsonFields(value.getAsJsonObject(), prefix + name + ".", origin);
  }

  /** A whole number of 1 or more. */
  int size(String name) {
    return whole(name, 1, Integer.MAX_VALUE);
  }

  /** A whole number of 1 or more. */
  int sizeOr(String name, int otherwise) {
    return isPresent(name) ? size(name) : otherwise;
  }

  /** A side of tensors: a whole number of 1 or more, and within the bounds. */
  int width(String name) {
    return width(name, size(name));
  }

  /** Holds what follows from fields to the bounds of a side of tensors. */
  int width(String what, long size) {
    return bounds.requireWidth(prefix + what, size, origin);
  }

  /** A number of layers, within the bounds. */
  int layers(String name) {
    return bounds.requireLayers(prefix + name, whole(name, 1, SizeBounds.NONE.layers()), origin);
  }

  int wholeOr(String name, int least, int otherwise) {
    return isPresent(name) ? whole(name, least, Integer.MAX_VALUE) : otherwise;
  }

  int whole(String name, int least, int most) {
    String rule =
        most == Integer.MAX_VALUE
            ? String.format("a whole number of %d or more", least)
            : String.format("a whole number from %d to %d", least, most);
    return whole(name, object.get(name), least, most, rule);
  }

  /** One whole number of 0 or more, or a list of them. */
  List<Integer> wholeNumbers(String name) {
    String rule = "a whole number of 0 or more, or a list of them";
    List<Integer> numbers = new ArrayList<>();
    for (JsonElement element : elements(name)) {
      numbers.add(whole(name, element, 0, Integer.MAX_VALUE, rule));
    }
    return numbers;
  }

  /** A list of token ids, of which those that are no tokens may have any value. */
  List<Integer> ids(String name) {
    return ids(name, object.get(name), "a list of whole numbers");
  }

  /** A list of lists of token ids, none of them empty. */
  List<List<Integer>> idLists(String name) {
    String rule = "a list of lists of whole numbers, none of them empty";
    JsonElement value = object.get(name);
    if (!value.isJsonArray()) {
      throw invalid(name, rule);
    }
    List<List<Integer>> lists = new ArrayList<>();
    for (JsonElement element : value.getAsJsonArray()) {
      List<Integer> ids = ids(name, element, rule);
      if (ids.isEmpty()) {
        throw invalid(name, rule);
      }
      lists.add(ids);
    }
    return lists;
  }

  private List<Integer> ids(String name, JsonElement value, String rule) {
    if (!value.isJsonArray()) {
      throw invalid(name, rule);
    }
    List<Integer> ids = new ArrayList<>();
    for (JsonElement element : value.getAsJsonArray()) {
      ids.add(whole(name, element, Integer.MIN_VALUE, Integer.MAX_VALUE, rule));
    }
    return ids;
  }

  /**
   * Adds the fields that are present and not what they are by default, as JSON.
   *
   * @param defaults a Double, a Boolean, or null, by the fields' names
   */
  void addOthers(Map<String, Object> defaults, Map<String, String> others) {
    defaults.forEach(
        (name, otherwise) -> {
          if (isPresent(name) && !isDefault(object.get(name), otherwise)) {
            others.put(name, shown(object.get(name)));
          }
        });
  }

  private static boolean isDefault(JsonElement value, Object otherwise) {
    if (value.isJsonArray() || value.isJsonObject()) {
      return value.isJsonArray() ? value.getAsJsonArray().isEmpty() : isEmptyObject(value);
    }
    JsonPrimitive primitive = value.getAsJsonPrimitive();
    if (otherwise instanceof Double number && primitive.isNumber()) {
      return primitive.getAsDouble() == number;
    }
    return otherwise instanceof Boolean flag
        && primitive.isBoolean()
        && primitive.getAsBoolean() == flag;
  }

  private static boolean isEmptyObject(JsonElement value) {
    return value.getAsJsonObject().isEmpty();
  }

  private int whole(String name, JsonElement value, int least, int most, String rule) {
    try {
      int number = decimal(name, value, rule).intValueExact();
      if (number >= least && number <= most) {
        return number;
      }
    } catch (ArithmeticException e) {
      // A fraction, or beyond an int: said below.
    }
    throw invalid(name, rule);
  }

  List<Long> longs(String name, String rule) {
    JsonElement value = object.get(name);
    if (value == null || !value.isJsonArray()) {
      throw invalid(name, rule);
    }
    List<Long> numbers = new ArrayList<>();
    for (JsonElement element : value.getAsJsonArray()) {
      try {
        numbers.add(decimal(name, element, rule).longValueExact());
      } catch (ArithmeticException e) {
        throw invalid(name, rule);
      }
      if (numbers.get(numbers.size() - 1) < 0) {
        throw invalid(name, rule);
      }
    }
    return numbers;
  }

  double positive(String name) {
    String rule = "a number above 0";
    double number = decimal(name, object.get(name), rule).doubleValue();
    if (number > 0 && number < Double.POSITIVE_INFINITY) {
      return number;
    }
    throw invalid(name, rule);
  }

  /** A list of so many numbers above 0. */
  List<Double> positives(String name, int count) {
    String rule = String.format("a list of %d numbers above 0", count);
    JsonElement value = object.get(name);
    if (value == null || !value.isJsonArray() || value.getAsJsonArray().size() != count) {
      throw invalid(name, rule);
    }
    List<Double> numbers = new ArrayList<>();
    for (JsonElement element : value.getAsJsonArray()) {
      double number = decimal(name, element, rule).doubleValue();
      if (number <= 0 || number == Double.POSITIVE_INFINITY) {
        throw invalid(name, rule);
      }
      numbers.add(number);
    }
    return numbers;
  }

  double positiveOr(String name, double otherwise) {
    return isPresent(name) ? positive(name) : otherwise;
  }

  /** A number of 0 or more. */
  double numberOr(String name, double otherwise) {
    if (!isPresent(name)) {
      return otherwise;
    }
    String rule = "a number of 0 or more";
    double number = decimal(name, object.get(name), rule).doubleValue();
    if (number >= 0 && number < Double.POSITIVE_INFINITY) {
      return number;
    }
    throw invalid(name, rule);
  }

  boolean flagOr(String name, boolean otherwise) {
    if (!isPresent(name)) {
      return otherwise;
    }
    JsonElement value = object.get(name);
    if (!value.isJsonPrimitive() || !value.getAsJsonPrimitive().isBoolean()) {
      throw invalid(name, "true or false");
    }
    return value.getAsBoolean();
  }

  boolean isText(String name) {
    return isPresent(name)
        && object.get(name).isJsonPrimitive()
        && object.get(name).getAsJsonPrimitive().isString();
  }

  String text(String name) {
    return text(name, object.get(name), "a string");
  }

  String textOr(String name, String otherwise) {
    return isPresent(name) ? text(name) : otherwise;
  }

  /** A string, or a list of them. */
  List<String> textOrTexts(String name) {
    String rule = "a string or a list of strings";
    List<String> texts = new ArrayList<>();
    for (JsonElement element : elements(name)) {
      texts.add(text(name, element, rule));
    }
    return texts;
  }

  List<String> texts(String name) {
    String rule = "a list of strings";
    if (!isPresent(name) || !object.get(name).isJsonArray()) {
      throw invalid(name, rule);
    }
    List<String> texts = new ArrayList<>();
    for (JsonElement element : object.getAsJsonArray(name)) {
      texts.add(text(name, element, rule));
    }
    return texts;
  }

  /** Says that a field has no such value. */
  StrataException invalid(String name, String rule) {
    return StrataException.model(
        "%s%s %s in %s; it must be %s", prefix, name, state(name), origin, rule);
  }

  /** Says why the fields cannot be used together. */
  StrataException unusable(String reason) {
    return StrataException.model("%s cannot be used: %s", origin, reason);
  }

  String origin() {
    return origin;
  }

  private String text(String name, JsonElement value, String rule) {
    if (value == null || !value.isJsonPrimitive() || !value.getAsJsonPrimitive().isString()) {
      throw invalid(name, rule);
    }
    return value.getAsString();
  }

  private BigDecimal decimal(String name, JsonElement value, String rule) {
    if (value == null || !value.isJsonPrimitive() || !value.getAsJsonPrimitive().isNumber()) {
      throw invalid(name, rule);
    }
    try {
      return value.getAsBigDecimal();
    } catch (NumberFormatException e) {
      throw invalid(name, rule);
    }
  }

  private JsonArray elements(String name) {
    JsonElement value = object.get(name);
    if (value != null && value.isJsonArray()) {
      return value.getAsJsonArray();
    }
    JsonArray one = new JsonArray();
    one.add(value);
    return one;
  }

  private String state(String name) {
    return object.has(name) ? "is " + shown(object.get(name)) : "is missing";
  }

  private static String shown(JsonElement value) {
    String text = CONTROL.matcher(value.toString()).replaceAll("?");
    return text.length() <= MAX_SHOWN ? text : text.substring(0, MAX_SHOWN) + "…";
  }
}
