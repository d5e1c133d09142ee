package dev.strata.udfs.jinja;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * How one value is shown by {@code str.format} or by {@code %}.
 *
 * @param align one of {@code < > ^ =}, or 0 for the default of the value's type
 * @param sign one of {@code - +} and space
 * @param grouping what separates thousands, or 0
 * @param precision digits, or -1 for the default
 * @param type the letter at the end, or 0
 */
record FormatSpec(
    int fill,
    char align,
    char sign,
    boolean alternate,
    int width,
    char grouping,
    int precision,
    char type) {

  private static final Pattern SYNTAX =
      Pattern.compile(
          "(?:(.)?([<>=^]))?([-+ ])?(#)?(0)?(\\d{1,9})?([,_])?(?:\\.(\\d{1,9}))?([a-zA-Z%])?",
          Pattern.DOTALL);

  static FormatSpec parse(String spec) {
    Matcher matcher = SYNTAX.matcher(spec);
    if (!matcher.matches()) {
      throw new TemplateException("Invalid format specifier '" + spec + "'");
    }
    boolean zero = matcher.group(5) != null;
    char align = letter(matcher.group(2), zero ? '=' : 0);
    String fill = matcher.group(1);
    return new FormatSpec(
        fill != null ? fill.codePointAt(0) : zero ? '0' : ' ',
        align,
        letter(matcher.group(3), '-'),
        matcher.group(4) != null,
        number(matcher.group(6), 0),
        letter(matcher.group(7), (char) 0),
        number(matcher.group(8), -1),
        letter(matcher.group(9), (char) 0));
  }

  private static char letter(String group, int whenAbsent) {
    return group == null ? (char) whenAbsent : group.charAt(0);
  }

  private static int number(String group, int whenAbsent) {
    return group == null ? whenAbsent : Integer.parseInt(group);
  }

  /** Python's {@code format(value, spec)} for a value that is no plain object. */
  String format(Object value, Budget budget) {
    budget.reserveChars((long) width + Math.max(0, precision));
    if (value instanceof String text) {
      return formatText(text);
    }
    if (value instanceof Double || (type != 0 && "eEfFgG%".indexOf(type) >= 0)) {
      return formatDouble(Numbers.toDouble(value));
    }
    return formatInteger(Numbers.toBigInteger(value));
  }

  private String formatText(String text) {
    if ((type != 0 && type != 's') || align == '=' || sign != '-' || grouping != 0) {
      throw invalidFor("str");
    }
    int size = text.codePointCount(0, text.length());
    String shown =
        precision >= 0 && precision < size ? PythonText.substring(text, 0, precision) : text;
    return pad("", shown, '<');
  }

  private String formatInteger(BigInteger value) {
    String prefix = alternate && "xXob".indexOf(type) >= 0 && type != 0 ? "0" + type : "";
    String digits =
        switch (type) {
          case 0, 'd', 'n' -> Representation.number(value.abs());
          case 'x' -> value.abs().toString(16);
          case 'X' -> value.abs().toString(16).toUpperCase(Locale.ROOT);
          case 'o' -> value.abs().toString(8);
          case 'b' -> value.abs().toString(2);
          case 'c' -> character(value);
          default -> throw invalidFor("int");
        };
    if (precision >= 0 && type != 'c') {
      digits = "0".repeat(Math.max(0, precision - digits.length())) + digits;
    }
    if (type == 'c') {
      return pad("", digits, '<');
    }
    int groupSize = type == 0 || type == 'd' ? 3 : 4;
    return pad(signText(value.signum() < 0) + prefix, grouped(digits, groupSize), '>');
  }

  static String character(BigInteger value) {
    if (value.signum() < 0
        || value.bitLength() > 21
        || !Character.isValidCodePoint(value.intValue())) {
      throw new TemplateException("character code not in range(0x110000)");
    }
    return Character.toString(value.intValue());
  }

  private String formatDouble(double value) {
    boolean negative = value < 0 || (value == 0 && 1 / value < 0);
    String text = magnitude(value);
    if (type == 'E' || type == 'F' || type == 'G') {
      text = text.toUpperCase(Locale.ROOT);
    }
    int end = 0;
    while (end < text.length() && Character.isDigit(text.charAt(end))) {
      end++;
    }
    return pad(signText(negative), grouped(text.substring(0, end), 3) + text.substring(end), '>');
  }

  private String magnitude(double value) {
    if (type == 0) {
      if (precision < 0) {
        return FloatText.shortest(Math.abs(value), false);
      }
      String general = FloatText.magnitude(value, 'g', precision, alternate);
      return general.matches("\\d+") ? withFraction(value, general) : general;
    }
    if ("eEfFgG%".indexOf(type) < 0) {
      throw invalidFor("float");
    }
    return FloatText.magnitude(
        value, Character.toLowerCase(type), precision < 0 ? 6 : precision, alternate);
  }

  /**
   * Without a type, a float shows a digit after the point where there is room, and an exponent
   * otherwise.
   */
  private String withFraction(double value, String digits) {
    return digits.length() < precision
        ? digits + ".0"
        : digits.length() == precision && new BigDecimal(value).signum() != 0
            ? FloatText.magnitude(value, 'e', Math.max(0, precision - 1), alternate)
                .replaceFirst("\\.?0*e", "e")
            : digits + ".0";
  }

  private String signText(boolean negative) {
    return negative ? "-" : sign == '-' ? "" : Character.toString(sign);
  }

  private String grouped(String digits, int groupSize) {
    if (grouping == 0) {
      return digits;
    }
    StringBuilder result = new StringBuilder();
    for (int i = 0; i < digits.length(); i++) {
      boolean atGroup = i > 0 && (digits.length() - i) % groupSize == 0;
      result.append(atGroup ? Character.toString(grouping) : "").append(digits.charAt(i));
    }
    return result.toString();
  }

  private String pad(String prefix, String body, char defaultAlign) {
    int missing =
        width - prefix.codePointCount(0, prefix.length()) - body.codePointCount(0, body.length());
    if (missing <= 0) {
      return prefix + body;
    }
    String filler = Character.toString(fill);
    return switch (align == 0 ? defaultAlign : align) {
      case '<' -> prefix + body + filler.repeat(missing);
      case '^' -> filler.repeat(missing / 2) + prefix + body + filler.repeat(missing - missing / 2);
      case '=' -> prefix + filler.repeat(missing) + body;
      default -> filler.repeat(missing) + prefix + body;
    };
  }

  private TemplateException invalidFor(String typeName) {
    return new TemplateException("Invalid format specifier for object of type '" + typeName + "'");
  }
}
