package dev.strata.udfs.jinja;

import java.math.BigInteger;
import java.util.Collection;
import java.util.HexFormat;
import java.util.Iterator;
import java.util.List;
import java.util.Map;

/** Python's {@code repr}. */
final class Representation {
  /** Python's own bound on printing integers. */
  private static final int MAX_DIGITS = 4300;

  private final Budget budget;
  private final MeteredText text;

  Representation(Budget budget) {
    this.budget = budget;
    this.text = new MeteredText(budget);
  }

  String of(Object value) {
    append(value);
    budget.reserveChars(text.length());
    return text.toString();
  }

  private void append(Object value) {
    budget.spend(1);
    if (value == null) {
      text.append("None");
    } else if (value instanceof Boolean bool) {
      text.append(bool ? "True" : "False");
    } else if (value instanceof Number number) {
      text.append(number(number));
    } else if (value instanceof String string) {
      appendString(string);
    } else if (value instanceof Markup markup) {
      text.append("Markup(");
      appendString(markup.text());
      text.append(')');
    } else if (value instanceof Undefined) {
      text.append("Undefined");
    } else {
      budget.enter();
      appendObject(value);
      budget.leave();
    }
  }

  static String number(Number number) {
    if (number instanceof Double real) {
      return FloatText.shortest(real, false);
    }
    requireFewDigits(number);
    String digits = number.toString();
    if (digits.length() > MAX_DIGITS + (digits.startsWith("-") ? 1 : 0)) {
      throw new TemplateException(
          "Exceeds the limit (" + MAX_DIGITS + " digits) for integer string conversion");
    }
    return digits;
  }

  /** Far too many digits are not even made. */
  private static void requireFewDigits(Number number) {
    if (number instanceof BigInteger big) {
      Budget.report(big.bitLength());
      if (big.bitLength() > 4 * MAX_DIGITS) {
        throw new TemplateException(
            "Exceeds the limit (" + MAX_DIGITS + " digits) for integer string conversion");
      }
    }
  }

  private void appendObject(Object value) {
    if (value instanceof Map<?, ?> map) {
      appendMap(map);
    } else if (value instanceof Range || value instanceof LoopContext) {
      text.append(value.toString());
    } else if (value instanceof DictView view) {
      appendAll(view.typeName() + "([", view, "])");
    } else if (value instanceof Tuple tuple) {
      appendAll("(", tuple, tuple.size() == 1 ? ",)" : ")");
    } else if (value instanceof List<?> list) {
      appendAll("[", list, "]");
    } else if (value instanceof Namespace namespace) {
      text.append("<Namespace ");
      appendMap(namespace.attributes());
      text.append('>');
    } else if (value instanceof Macro macro) {
      text.append("<Macro '").append(macro.signature().name()).append("'>");
    } else {
      text.append('<').append(Values.typeName(value)).append(" object>");
    }
  }

  private void appendAll(String open, Collection<?> values, String close) {
    text.append(open);
    Iterator<?> iterator = values.iterator();
    while (iterator.hasNext()) {
      append(iterator.next());
      text.append(iterator.hasNext() ? ", " : "");
    }
    text.append(close);
  }

  private void appendMap(Map<?, ?> map) {
    String separator = "{";
    for (Map.Entry<?, ?> entry : map.entrySet()) {
      text.append(separator);
      append(entry.getKey());
      text.append(": ");
      append(entry.getValue());
      separator = ", ";
    }
    text.append(map.isEmpty() ? "{}" : "}");
  }

  private void appendString(String string) {
    char quote = string.indexOf('\'') >= 0 && string.indexOf('"') < 0 ? '"' : '\'';
    text.append(quote);
    string.codePoints().forEach(code -> appendCharacter(code, quote));
    text.append(quote);
  }

  private void appendCharacter(int code, char quote) {
    switch (code) {
      case '\n' -> text.append("\\n");
      case '\r' -> text.append("\\r");
      case '\t' -> text.append("\\t");
      default -> {
        if (code == quote || code == '\\') {
          text.append('\\').append((char) code);
        } else if (CharacterClasses.isPrintable(code)) {
          text.appendCodePoint(code);
        } else {
          text.append(escape(code));
        }
      }
    }
  }

  static String escape(int code) {
    HexFormat hex = HexFormat.of();
    if (code < 0x100) {
      return "\\x" + hex.toHexDigits((byte) code);
    }
    return code < 0x10000 ? "\\u" + hex.toHexDigits((char) code) : "\\U" + hex.toHexDigits(code);
  }
}
