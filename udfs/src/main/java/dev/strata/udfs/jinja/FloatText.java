package dev.strata.udfs.jinja;

import java.math.BigDecimal;
import java.math.MathContext;
import java.math.RoundingMode;

/** Python's texts for doubles. */
final class FloatText {
  private static final int MAX_DIGITS = 17;

  /** No double has more digits, behind its point or in all; further ones are zeros. */
  private static final int MAX_EXACT_DIGITS = 1100;

  private FloatText() {}

  /**
   * The shortest decimal that reads back as the same double. {@link Double#toString} does not
   * always find it before Java 19.
   */
  static String shortest(double value, boolean json) {
    if (!Double.isFinite(value)) {
      return special(value, json);
    }
    if (value == 0) {
      return 1 / value < 0 ? "-0.0" : "0.0";
    }
    BigDecimal exact = new BigDecimal(value);
    BigDecimal rounded = exact;
    for (int digits = 1; digits <= MAX_DIGITS; digits++) {
      rounded = exact.round(new MathContext(digits, RoundingMode.HALF_EVEN));
      if (rounded.doubleValue() == value) {
        break;
      }
    }
    return shown(rounded);
  }

  private static String shown(BigDecimal value) {
    int exponent = exponent(value);
    if (exponent < -4 || exponent >= 16) {
      return scientific(value.stripTrailingZeros(), exponent);
    }
    String plain = value.stripTrailingZeros().toPlainString();
    return plain.indexOf('.') < 0 ? plain + ".0" : plain;
  }

  private static int exponent(BigDecimal value) {
    return value.signum() == 0 ? 0 : value.precision() - value.scale() - 1;
  }

  private static String scientific(BigDecimal value, int exponent) {
    String digits = value.unscaledValue().abs().toString();
    String fraction = digits.length() > 1 ? "." + digits.substring(1) : "";
    String sign = value.signum() < 0 ? "-" : "";
    return sign + digits.charAt(0) + fraction + exponentText(exponent);
  }

  private static String exponentText(int exponent) {
    String sign = exponent < 0 ? "-" : "+";
    return "e" + sign + (Math.abs(exponent) < 10 ? "0" : "") + Math.abs(exponent);
  }

  private static String special(double value, boolean json) {
    if (Double.isNaN(value)) {
      return json ? "NaN" : "nan";
    }
    return (value < 0 ? "-" : "") + (json ? "Infinity" : "inf");
  }

  /**
   * The magnitude of a double under one of the types e, f, g or % of a format; the sign is left to
   * the caller.
   */
  static String magnitude(double value, char type, int precision, boolean alternate) {
    double magnitude = Math.abs(value);
    if (!Double.isFinite(magnitude)) {
      return special(magnitude, false) + (type == '%' ? "%" : "");
    }
    BigDecimal exact = new BigDecimal(magnitude);
    return switch (type) {
      case 'f' -> fixed(exact, precision, alternate);
      case '%' -> fixed(new BigDecimal(magnitude * 100), precision, alternate) + "%";
      case 'e' -> exponential(exact, precision, alternate);
      default -> general(exact, Math.max(1, precision), alternate);
    };
  }

  private static String fixed(BigDecimal value, int precision, boolean alternate) {
    int exact = Math.min(precision, MAX_EXACT_DIGITS);
    String plain = value.setScale(exact, RoundingMode.HALF_EVEN).toPlainString();
    return precision == 0 && alternate ? plain + "." : plain + "0".repeat(precision - exact);
  }

  private static String exponential(BigDecimal value, int precision, boolean alternate) {
    int exact = Math.min(precision, MAX_EXACT_DIGITS);
    BigDecimal rounded = value.round(new MathContext(exact + 1, RoundingMode.HALF_EVEN));
    String digits = rounded.unscaledValue().toString();
    String padded = digits + "0".repeat(Math.max(0, precision + 1 - digits.length()));
    String point = precision > 0 || alternate ? "." : "";
    return padded.charAt(0)
        + point
        + padded.substring(1, precision + 1)
        + exponentText(exponent(rounded));
  }

  private static String general(BigDecimal value, int precision, boolean alternate) {
    int exact = Math.min(precision, MAX_EXACT_DIGITS);
    int exponent = exponent(value.round(new MathContext(exact, RoundingMode.HALF_EVEN)));
    boolean scientific = exponent < -4 || exponent >= precision;
    String text =
        scientific
            ? exponential(value, precision - 1, alternate)
            : fixed(value, precision - 1 - exponent, alternate);
    return alternate ? text : withoutTrailingZeros(text);
  }

  private static String withoutTrailingZeros(String text) {
    int exponentAt = text.indexOf('e');
    String mantissa = exponentAt < 0 ? text : text.substring(0, exponentAt);
    if (mantissa.indexOf('.') >= 0) {
      mantissa = PythonText.stripRight(PythonText.stripRight(mantissa, "0"), ".");
    }
    return exponentAt < 0 ? mantissa : mantissa + text.substring(exponentAt);
  }
}
