package dev.strata.udfs.jinja;

import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;

/**
 * Python's {@code json.dumps}, with which transformers replaces jinja2's own {@code tojson}:
 * nothing is escaped for HTML.
 *
 * @param indent what one level is indented by, or null for a single line
 */
record JsonText(
    Environment environment,
    boolean ensureAscii,
    String indent,
    String itemSeparator,
    String keySeparator,
    boolean sortKeys,
    MeteredText output) {

  String of(Object value) {
    append(value, 0);
    return output.toString();
  }

  private void append(Object value, int depth) {
    environment.budget().spend(1);
    Object plain = Values.unwrap(value);
    if (plain == null || plain instanceof Boolean || plain instanceof Number) {
      output.append(scalar(plain));
    } else if (plain instanceof String text) {
      appendString(text);
    } else {
      environment.budget().enter();
      if (plain instanceof Map<?, ?> map) {
        appendMap(map, depth + 1);
      } else if (plain instanceof List<?> list) {
        appendList(list, depth + 1);
      } else {
        throw new TemplateException(
            "Object of type " + Values.typeName(plain) + " is not JSON serializable");
      }
      environment.budget().leave();
    }
  }

  private static String scalar(Object value) {
    if (value instanceof Double real) {
      return FloatText.shortest(real, true);
    }
    return value instanceof Number number ? Representation.number(number) : String.valueOf(value);
  }

  private void appendList(List<?> list, int depth) {
    if (list.isEmpty()) {
      output.append("[]");
      return;
    }
    String separator = "[";
    for (Object element : list) {
      output.append(separator);
      breakLine(depth);
      append(element, depth);
      separator = itemSeparator;
    }
    breakLine(depth - 1);
    output.append(']');
  }

  private void appendMap(Map<?, ?> map, int depth) {
    if (map.isEmpty()) {
      output.append("{}");
      return;
    }
    String separator = "{";
    for (Object key : keys(map)) {
      output.append(separator);
      breakLine(depth);
      appendString(keyText(key));
      output.append(keySeparator);
      append(map.get(key), depth);
      separator = itemSeparator;
    }
    breakLine(depth - 1);
    output.append('}');
  }

  private List<Object> keys(Map<?, ?> map) {
    List<Object> keys = new ArrayList<>(map.keySet());
    if (sortKeys) {
      keys.sort(environment.comparisons()::compare);
    }
    return keys;
  }

  private static String keyText(Object key) {
    if (key instanceof String text) {
      return text;
    }
    if (key == null || key instanceof Boolean || key instanceof Number) {
      return scalar(key);
    }
    throw new TemplateException(
        "keys must be str, int, float, bool or None, not " + Values.typeName(key));
  }

  private void breakLine(int depth) {
    if (indent != null) {
      environment.budget().checkLength((long) indent.length() * depth);
      output.append('\n').append(indent.repeat(depth));
    }
  }

  private void appendString(String text) {
    output.append('"');
    for (int i = 0; i < text.length(); i++) {
      appendCharacter(text.charAt(i));
    }
    output.append('"');
  }

  private void appendCharacter(char c) {
    switch (c) {
      case '"' -> output.append("\\\"");
      case '\\' -> output.append("\\\\");
      case '\n' -> output.append("\\n");
      case '\r' -> output.append("\\r");
      case '\t' -> output.append("\\t");
      case '\b' -> output.append("\\b");
      case '\f' -> output.append("\\f");
      default -> {
        if (c < ' ' || (ensureAscii && c > '~')) {
          output.append("\\u").append(HexFormat.of().toHexDigits(c));
        } else {
          output.append(c);
        }
      }
    }
  }
}
