package dev.strata.udfs.jinja;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Python's {@code str.format}, whose fields reach no further than the template itself does. */
final class StrFormat {
  private static final Pattern ACCESSOR = Pattern.compile("\\.([^.\\[]+)|\\[([^\\]]+)\\]");
  private static final int MAX_DEPTH = 2;

  private final Environment environment;
  private final List<Object> positional;
  private final Map<String, Object> keywords;

  /** The next automatic field number. */
  private int automatic;

  private boolean numbersGiven;

  StrFormat(Environment environment, Arguments arguments) {
    this.environment = environment;
    this.positional = arguments.positional();
    this.keywords = arguments.keywords();
  }

  static StrFormat withMapping(Environment environment, Object mapping) {
    if (!(mapping instanceof Map<?, ?> map)) {
      throw new TemplateException("format_map() requires a mapping");
    }
    Map<String, Object> keywords = new LinkedHashMap<>();
    map.forEach((key, value) -> keywords.put(environment.text(key), value));
    return new StrFormat(environment, new Arguments(new ArrayList<>(), keywords));
  }

  String format(String template) {
    return format(template, MAX_DEPTH);
  }

  private String format(String template, int depth) {
    if (depth == 0) {
      throw new TemplateException("Max string recursion exceeded");
    }
    MeteredText output = new MeteredText(environment.budget());
    int position = 0;
    while (position < template.length()) {
      char c = template.charAt(position);
      if (c != '{' && c != '}') {
        output.append(c);
        position++;
      } else if (template.startsWith(Character.toString(c).repeat(2), position)) {
        output.append(c);
        position += 2;
      } else if (c == '}') {
        throw new TemplateException("Single '}' encountered in format string");
      } else {
        int end = endOfField(template, position + 1);
        output.append(formatField(template.substring(position + 1, end), depth));
        position = end + 1;
      }
    }
    return output.toString();
  }

  private static int endOfField(String template, int start) {
    int open = 1;
    for (int i = start; i < template.length(); i++) {
      char c = template.charAt(i);
      open += c == '{' ? 1 : c == '}' ? -1 : 0;
      if (open == 0) {
        return i;
      }
    }
    throw new TemplateException("expected '}' before end of string");
  }

  private String formatField(String field, int depth) {
    int colon = field.indexOf(':');
    String head = colon < 0 ? field : field.substring(0, colon);
    String spec = colon < 0 ? "" : field.substring(colon + 1);
    int exclamation = head.indexOf('!');
    String name = exclamation < 0 ? head : head.substring(0, exclamation);
    Object value = convert(find(name), exclamation < 0 ? "" : head.substring(exclamation + 1));
    return formatValue(value, spec.indexOf('{') < 0 ? spec : format(spec, depth - 1));
  }

  private Object convert(Object value, String conversion) {
    return switch (conversion) {
      case "" -> value;
      case "s" -> environment.text(value);
      case "r" -> environment.representation(value);
      default -> throw new TemplateException("Unknown conversion specifier '" + conversion + "'");
    };
  }

  private Object find(String name) {
    int end = 0;
    while (end < name.length() && name.charAt(end) != '.' && name.charAt(end) != '[') {
      end++;
    }
    Object value = argument(name.substring(0, end));
    Matcher accessor = ACCESSOR.matcher(name);
    while (end < name.length()) {
      if (!accessor.region(end, name.length()).lookingAt()) {
        throw new TemplateException("malformed field name '" + name + "'");
      }
      value = access(value, accessor);
      end = accessor.end();
    }
    return value;
  }

  private Object access(Object value, Matcher accessor) {
    if (accessor.group(1) != null) {
      return environment.attributes().attribute(value, accessor.group(1));
    }
    String key = accessor.group(2);
    return environment.attributes().item(value, isIndex(key) ? (Object) Long.valueOf(key) : key);
  }

  private static boolean isIndex(String key) {
    return key.matches("\\d{1,9}");
  }

  private Object argument(String name) {
    if (!name.isEmpty() && !isIndex(name)) {
      if (!keywords.containsKey(name)) {
        throw new TemplateException("KeyError: '" + name + "'");
      }
      return keywords.get(name);
    }
    if (name.isEmpty() ? numbersGiven : automatic > 0) {
      throw new TemplateException(
          "cannot mix manual field specification and automatic field numbering");
    }
    numbersGiven |= !name.isEmpty();
    int index = name.isEmpty() ? automatic++ : Integer.parseInt(name);
    if (index >= positional.size()) {
      throw new TemplateException(
          "Replacement index " + index + " out of range for positional args tuple");
    }
    return positional.get(index);
  }

  private String formatValue(Object value, String spec) {
    Object plain = Values.unwrap(value);
    if (spec.isEmpty()) {
      return environment.text(plain);
    }
    if (!(plain instanceof String) && !Numbers.isNumber(plain)) {
      throw new TemplateException(
          "unsupported format string passed to " + Values.typeName(plain) + ".__format__");
    }
    return FormatSpec.parse(spec).format(plain, environment.budget());
  }
}
