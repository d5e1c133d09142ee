package dev.strata.udfs.api;

import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What the values of a key are.
 *
 * @param label the values in words, as in "it must be …"
 * @param parser reads a value; an {@link IllegalArgumentException} says that it is none
 * @param alone what an option means that is given without a value, if it may be
 */
public record ConfType<T>(String label, Function<String, T> parser, Optional<String> alone) {

  /** Any text, as it is. */
  static final ConfType<String> TEXT = new ConfType<>("a text", Function.identity());

  /** A text with something in it. */
  static final ConfType<String> NAME = stripped("a name", ConfType::notEmpty);

  /** Names separated by commas. */
  static final ConfType<List<String>> NAMES =
      stripped("names separated by commas", ConfType::names);

  /** A switch. */
  static final ConfType<Boolean> FLAG = stripped("true or false", ConfType::flag).alone("true");

  /** A number of bytes. */
  static final ConfType<Long> BYTES = stripped("a size such as 512m or 4g", ConfType::bytes);

  /** A number of bytes, or -1 for a choice of Strata's own. */
  static final ConfType<Long> BYTES_OR_AUTO =
      stripped(
          "auto or a size such as 512m or 4g",
          text -> text.equalsIgnoreCase("auto") ? Long.valueOf(-1) : bytes(text));

  /** A time, which may be for ever. */
  static final ConfType<Duration> TIME_OR_NEVER =
      stripped(
          "never, 0 or a time such as 90s, 10min or 2h",
          text -> text.equalsIgnoreCase("never") ? ChronoUnit.FOREVER.getDuration() : time(text));

  /** How long somebody waits, which is never nothing and may be for ever. */
  static final ConfType<Duration> PATIENCE =
      stripped(
          "never or a time of 1s or more such as 90s, 10min or 2h",
          text -> text.equalsIgnoreCase("never") ? ChronoUnit.FOREVER.getDuration() : wait(text));

  /** A whole number of 64 bits. */
  static final ConfType<Long> LONG = stripped("a whole number", Long::valueOf);

  /** One text, or several as a JSON array. */
  static final ConfType<List<String>> TEXTS =
      new ConfType<>("a text or a JSON array of texts", ConfType::texts);

  /**
   * Options of others, {@code name=value}. A comma separates two only where a name follows it, so
   * that values may hold commas; in a JSON array each text is one option, whatever it holds.
   */
  static final ConfType<Map<String, String>> OPTIONS =
      new ConfType<>(
          "name=value, several of them separated by commas or in a JSON array", ConfType::options);

  private static final Pattern BETWEEN_OPTIONS = Pattern.compile(",(?=\\s*[A-Za-z][\\w.-]*=)");

  private static final Pattern TIME = Pattern.compile("(\\d{1,9})(ms|s|m|min|h|d)|0");

  private static final Pattern SIZE = Pattern.compile("(\\d+)([kmgt]?)(?:i?b)?");

  static ConfType<Integer> atLeast(int least) {
    return stripped(
        "a whole number of at least " + least,
        text -> {
          int value = Integer.parseInt(text);
          require(value >= least);
          return value;
        });
  }

  /** A number above (or, if {@code closed}, from) {@code low} and at most {@code high}. */
  static ConfType<Double> number(boolean closed, double low, double high, String label) {
    return stripped(
        label,
        text -> {
          double value = Double.parseDouble(text);
          require(closed ? value >= low : value > low);
          require(value <= high);
          return value;
        });
  }

  static ConfType<String> oneOf(String... words) {
    return stripped(
        "one of " + String.join(", ", words),
        text -> {
          String word = text.toLowerCase(Locale.ROOT);
          require(Arrays.asList(words).contains(word));
          return word;
        });
  }

  ConfType(String label, Function<String, T> parser) {
    this(label, parser, Optional.empty());
  }

  /** The same values, of which naming an option is enough to set one. */
  ConfType<T> alone(String value) {
    return new ConfType<>(label, parser, Optional.of(value));
  }

  /** Reads a value, or throws an {@link IllegalArgumentException}. */
  T parse(String text) {
    return parser.apply(text);
  }

  /** For values in which the space around them means nothing. */
  private static <T> ConfType<T> stripped(String label, Function<String, T> parser) {
    return new ConfType<>(label, text -> parser.apply(text.strip()));
  }

  private static String notEmpty(String text) {
    require(!text.isEmpty());
    return text;
  }

  private static List<String> names(String text) {
    return Arrays.stream(text.split(",")).map(String::strip).map(ConfType::notEmpty).toList();
  }

  private static Boolean flag(String text) {
    return switch (text.toLowerCase(Locale.ROOT)) {
      case "true" -> true;
      case "false" -> false;
      default -> throw new IllegalArgumentException(text);
    };
  }

  private static Long bytes(String text) {
    Matcher size = SIZE.matcher(text.toLowerCase(Locale.ROOT));
    require(size.matches());
    int power = " kmgt".indexOf(size.group(2).isEmpty() ? " " : size.group(2));
    try {
      return Math.multiplyExact(Long.parseLong(size.group(1)), 1L << (10 * power));
    } catch (ArithmeticException e) {
      throw new IllegalArgumentException(text, e);
    }
  }

  private static Duration time(String text) {
    Matcher time = TIME.matcher(text.toLowerCase(Locale.ROOT));
    require(time.matches());
    return time.group(1) == null
        ? Duration.ZERO
        : Duration.of(Long.parseLong(time.group(1)), unit(time.group(2)));
  }

  private static Duration wait(String text) {
    Duration time = time(text);
    require(time.compareTo(Duration.ofSeconds(1)) >= 0);
    return time;
  }

  private static ChronoUnit unit(String letters) {
    return switch (letters) {
      case "ms" -> ChronoUnit.MILLIS;
      case "s" -> ChronoUnit.SECONDS;
      case "h" -> ChronoUnit.HOURS;
      case "d" -> ChronoUnit.DAYS;
      default -> ChronoUnit.MINUTES;
    };
  }

  private static List<String> texts(String text) {
    return text.stripLeading().startsWith("[") ? JsonTexts.parse(text) : List.of(notEmpty(text));
  }

  private static Map<String, String> options(String text) {
    List<String> pairs =
        text.stripLeading().startsWith("[")
            ? JsonTexts.parse(text)
            : List.of(BETWEEN_OPTIONS.split(text));
    Map<String, String> options = new LinkedHashMap<>();
    for (String pair : pairs) {
      int sign = pair.indexOf('=');
      require(sign > 0);
      options.put(pair.substring(0, sign).strip(), pair.substring(sign + 1));
    }
    return options;
  }

  private static void require(boolean holds) {
    if (!holds) {
      throw new IllegalArgumentException();
    }
  }
}
