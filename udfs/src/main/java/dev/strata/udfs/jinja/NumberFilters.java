package dev.strata.udfs.jinja;

import dev.strata.udfs.jinja.Filters.Filter;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.RoundingMode;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;

/** The filters that return numbers. */
final class NumberFilters {
  private static final Pattern INTEGER = Pattern.compile("[-+]?[0-9a-z]+(?:_[0-9a-z]+)*");
  private static final Pattern FLOAT =
      Pattern.compile(
          "[-+]?(?:\\d+(?:_\\d+)*\\.?(?:\\d+(?:_\\d+)*)?|\\.\\d+(?:_\\d+)*)(?:e[-+]?\\d+(?:_\\d+)*)?"
              + "|[-+]?inf(?:inity)?|[-+]?nan");

  static final Map<String, Filter> FILTERS =
      Map.of(
          "abs", NumberFilters::absolute,
          "count", NumberFilters::length,
          "float", NumberFilters::toFloat,
          "int", NumberFilters::toInteger,
          "length", NumberFilters::length,
          "round", NumberFilters::round,
          "sum", NumberFilters::sum,
          "wordcount", NumberFilters::wordCount);

  private NumberFilters() {}

  private static Object absolute(Environment environment, Object value, Arguments arguments) {
    arguments.bindNone("abs");
    boolean negative = Numbers.isNumber(value) && Numbers.compare(value, 0L) < 0;
    return value instanceof Double real ? Math.abs(real) : Numbers.signed(negative, value);
  }

  private static Object length(Environment environment, Object value, Arguments arguments) {
    arguments.bindNone("length");
    return Values.size(value)
        .orElseThrow(
            () ->
                new TemplateException(
                    "object of type '" + Values.typeName(value) + "' has no len()"));
  }

  private static Object toFloat(Environment environment, Object value, Arguments arguments) {
    Object whenInvalid = arguments.bind("float", 0, "default").get(0, 0.0);
    Double parsed = parseFloat(value);
    return parsed == null ? whenInvalid : parsed;
  }

  /** The number that Python's {@code float} makes of a value, or null. */
  private static Double parseFloat(Object value) {
    if (value instanceof Undefined undefined) {
      throw undefined.failure();
    }
    if (Numbers.isNumber(value)) {
      return Numbers.toDouble(value);
    }
    if (!(Values.unwrap(value) instanceof String text)) {
      return null;
    }
    String digits = PythonText.strip(text, null).toLowerCase(Locale.ROOT);
    if (!FLOAT.matcher(digits).matches()) {
      return null;
    }
    String number = digits.replace("_", "").replace("infinity", "inf");
    return Double.valueOf(number.replace("inf", "Infinity").replace("nan", "NaN"));
  }

  private static Object toInteger(Environment environment, Object value, Arguments arguments) {
    Arguments.Bound bound = arguments.bind("int", 0, "default", "base");
    if (Numbers.isInteger(value)) {
      return Numbers.narrow(Numbers.toBigInteger(value));
    }
    if (Values.unwrap(value) instanceof String text) {
      BigInteger parsed = parseInteger(text, (int) bound.integer(1, 10));
      if (parsed != null) {
        return Numbers.narrow(parsed);
      }
    }
    Double real = parseFloat(value);
    return real == null || !Double.isFinite(real)
        ? bound.get(0, 0L)
        : Numbers.narrow(new BigDecimal(real).toBigInteger());
  }

  /** The number that Python's {@code int} makes of a text, or null. */
  private static BigInteger parseInteger(String text, int base) {
    String digits = PythonText.strip(text, null).toLowerCase(Locale.ROOT);
    if (!INTEGER.matcher(digits).matches() || digits.length() > 4300) {
      return null;
    }
    String sign = digits.startsWith("-") ? "-" : "";
    String magnitude = digits.replaceAll("[-+_]", "");
    int radix = base == 0 ? prefixRadix(magnitude) : base;
    boolean prefixed = magnitude.length() > 2 && prefixRadix(magnitude) == radix && radix != 10;
    try {
      return new BigInteger(sign + (prefixed ? magnitude.substring(2) : magnitude), radix);
    } catch (NumberFormatException e) {
      return null;
    }
  }

  private static int prefixRadix(String magnitude) {
    return magnitude.startsWith("0x")
        ? 16
        : magnitude.startsWith("0o") ? 8 : magnitude.startsWith("0b") ? 2 : 10;
  }

  private static Object round(Environment environment, Object value, Arguments arguments) {
    Arguments.Bound bound = arguments.bind("round", 0, "precision", "method");
    int precision = (int) Math.max(-400, Math.min(400, bound.integer(0, 0)));
    if (!Numbers.isNumber(value)) {
      Numbers.toDouble(value);
    }
    return switch (environment.text(bound.get(1, "common"))) {
      case "common" -> roundHalfEven(value, precision);
      case "ceil" -> roundTo(value, precision, RoundingMode.CEILING);
      case "floor" -> roundTo(value, precision, RoundingMode.FLOOR);
      default -> throw new TemplateException("method must be common, ceil or floor");
    };
  }

  private static Object roundHalfEven(Object value, int precision) {
    if (value instanceof Double real) {
      return Double.isFinite(real)
          ? Math.copySign(
              new BigDecimal(real).setScale(precision, RoundingMode.HALF_EVEN).doubleValue(), real)
          : real;
    }
    BigDecimal integer = new BigDecimal(Numbers.toBigInteger(value));
    BigDecimal rounded =
        precision < 0 ? integer.setScale(precision, RoundingMode.HALF_EVEN) : integer;
    return Numbers.narrow(rounded.toBigInteger());
  }

  private static Object roundTo(Object value, int precision, RoundingMode mode) {
    Object power = Numbers.apply(ArithmeticOperator.POWER, 10L, (long) precision);
    Object scaled = Numbers.apply(ArithmeticOperator.MULTIPLY, value, power);
    if (scaled instanceof Double real) {
      if (!Double.isFinite(real)) {
        throw new TemplateException("cannot convert float infinity or NaN to integer");
      }
      scaled = Numbers.narrow(new BigDecimal(real).setScale(0, mode).toBigInteger());
    }
    return Numbers.apply(ArithmeticOperator.DIVIDE, scaled, power);
  }

  private static Object sum(Environment environment, Object value, Arguments arguments) {
    Arguments.Bound bound = arguments.bind("sum", 0, "attribute", "start");
    AttributePath path = AttributePath.of(environment, bound.get(0));
    Object sum = bound.get(1, 0L);
    if (Values.unwrap(sum) instanceof String) {
      throw new TemplateException("sum() can't sum strings [use ''.join(seq) instead]");
    }
    for (Object element : environment.list(value)) {
      sum = environment.arithmetic().apply(ArithmeticOperator.ADD, sum, path.find(element));
    }
    return sum;
  }

  private static Object wordCount(Environment environment, Object value, Arguments arguments) {
    arguments.bindNone("wordcount");
    long words = 0;
    boolean inWord = false;
    String text = environment.text(value);
    for (int i = 0; i < text.length(); i += Character.charCount(text.codePointAt(i))) {
      int code = text.codePointAt(i);
      environment.budget().work(1);
      boolean wordCharacter = code == '_' || CharacterClasses.isAlphanumeric(code);
      words += wordCharacter && !inWord ? 1 : 0;
      inWord = wordCharacter;
    }
    return words;
  }
}
