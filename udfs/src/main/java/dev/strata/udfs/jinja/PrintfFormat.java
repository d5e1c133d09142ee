package dev.strata.udfs.jinja;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Python's {@code text % arguments}. */
final class PrintfFormat {
  private static final Pattern FIELD =
      Pattern.compile(
          "%(?:\\(([^)]*)\\))?([-+ #0]*)(\\*|\\d{1,9})?(?:\\.(\\*|\\d{0,9}))?[hlL]?(.)",
          Pattern.DOTALL);

  private final Environment environment;
  private final boolean escaping;
  private final Object arguments;
  private final Iterator<?> positional;

  /**
   * @param escaping whether texts are escaped, as {@link Markup} does
   */
  PrintfFormat(Environment environment, boolean escaping, Object arguments) {
    this.environment = environment;
    this.escaping = escaping;
    this.arguments = arguments;
    this.positional =
        arguments instanceof Tuple tuple
            ? tuple.iterator()
            : Collections.singletonList(arguments).iterator();
  }

  String format(String template) {
    MeteredText output = new MeteredText(environment.budget());
    Matcher field = FIELD.matcher(template);
    int position = 0;
    for (int at = template.indexOf('%'); at >= 0; at = template.indexOf('%', position)) {
      output.append(template.substring(position, at));
      if (!field.region(at, template.length()).lookingAt()) {
        throw new TemplateException("incomplete format");
      }
      output.append(field.group(5).equals("%") ? "%" : formatField(field));
      position = field.end();
    }
    boolean mayIgnore =
        arguments instanceof Map || (arguments instanceof List && !(arguments instanceof Tuple));
    if (positional.hasNext() && !mayIgnore) {
      throw new TemplateException("not all arguments converted during string formatting");
    }
    return output.append(template.substring(position)).toString();
  }

  private String formatField(Matcher field) {
    String flags = field.group(2);
    String widthText = field.group(3);
    int width = widthText == null ? 0 : number(widthText);
    int precision = field.group(4) == null ? -1 : number(field.group(4));
    Object value = field.group(1) == null ? nextArgument() : lookUp(field.group(1));
    boolean left = flags.contains("-") || width < 0;
    boolean zero = flags.contains("0") && !left;
    char sign = flags.contains("+") ? '+' : flags.contains(" ") ? ' ' : '-';
    char type = field.group(5).charAt(0);
    return formatValue(
        value,
        type,
        new FormatSpec(
            zero ? '0' : ' ',
            left ? '<' : zero ? '=' : '>',
            sign,
            flags.contains("#"),
            Math.abs(width),
            (char) 0,
            precision,
            type == 'i' || type == 'u' ? 'd' : type));
  }

  private int number(String text) {
    if (text.equals("*")) {
      return (int)
          Math.max(-1_000_000_000, Math.min(1_000_000_000, Numbers.toLong(nextArgument())));
    }
    return text.isEmpty() ? 0 : Integer.parseInt(text);
  }

  private Object nextArgument() {
    if (!positional.hasNext()) {
      throw new TemplateException("not enough arguments for format string");
    }
    return positional.next();
  }

  private Object lookUp(String key) {
    if (!(arguments instanceof Map<?, ?> map)) {
      throw new TemplateException("format requires a mapping");
    }
    if (!map.containsKey(key)) {
      throw new TemplateException("KeyError: '" + key + "'");
    }
    return map.get(key);
  }

  private String formatValue(Object value, char type, FormatSpec spec) {
    return switch (type) {
      case 's' -> textual(spec).format(escaped(value), environment.budget());
      case 'r', 'a' ->
          textual(spec).format(escape(representation(value, type)), environment.budget());
      case 'c' -> textual(spec).format(character(value), environment.budget());
      case 'd', 'i', 'u' -> spec.format(integer(value), environment.budget());
      case 'x', 'X', 'o' -> spec.format(exactInteger(value), environment.budget());
      case 'e', 'E', 'f', 'F', 'g', 'G' ->
          spec.format(Numbers.toDouble(value), environment.budget());
      default -> throw new TemplateException("unsupported format character '" + type + "'");
    };
  }

  /** Flags that mean something for numbers only are ignored for texts. */
  private static FormatSpec textual(FormatSpec spec) {
    char align = spec.align() == '<' ? '<' : '>';
    return new FormatSpec(' ', align, '-', false, spec.width(), (char) 0, spec.precision(), 's');
  }

  private String escaped(Object value) {
    String text = environment.text(value);
    return escaping ? Markup.escape(value, text, environment.budget()) : text;
  }

  private String escape(String text) {
    return escaping ? Markup.escape(text, environment.budget()) : text;
  }

  private String representation(Object value, char type) {
    String shown = environment.representation(value);
    if (type == 'r') {
      return shown;
    }
    MeteredText ascii = new MeteredText(environment.budget());
    shown
        .codePoints()
        .forEach(
            code ->
                ascii.append(code < 0x80 ? Character.toString(code) : Representation.escape(code)));
    return ascii.toString();
  }

  private static String character(Object value) {
    if (Numbers.isInteger(value)) {
      return FormatSpec.character(Numbers.toBigInteger(value));
    }
    String text = Values.requireText(value);
    if (text.codePointCount(0, text.length()) != 1) {
      throw new TemplateException("a character field requires int or char");
    }
    return text;
  }

  private static BigInteger integer(Object value) {
    if (value instanceof Double real && Double.isFinite(real)) {
      return new BigDecimal(real).toBigInteger();
    }
    return exactInteger(value);
  }

  private static BigInteger exactInteger(Object value) {
    if (!Numbers.isInteger(value)) {
      throw new TemplateException(
          "format requires an integer or a real number, not " + Values.typeName(value));
    }
    return Numbers.toBigInteger(value);
  }
}
