package dev.strata.udfs.jinja;

import dev.strata.udfs.jinja.Filters.Filter;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The filters that return texts. */
final class TextFilters {
  private static final Pattern WORD = Pattern.compile("[^-({\\[<" + PythonText.WHITESPACE + "]++");

  static final Map<String, Filter> FILTERS =
      Map.ofEntries(
          Map.entry("capitalize", unary("capitalize", PythonText::capitalize)),
          Map.entry("center", TextFilters::center),
          Map.entry("e", TextFilters::escape),
          Map.entry("escape", TextFilters::escape),
          Map.entry("forceescape", TextFilters::forceEscape),
          Map.entry("format", TextFilters::format),
          Map.entry("indent", TextFilters::indent),
          Map.entry("join", TextFilters::join),
          Map.entry("lower", unary("lower", PythonText::lower)),
          Map.entry("replace", TextFilters::replace),
          Map.entry("safe", TextFilters::safe),
          Map.entry("string", unary("string", text -> text)),
          Map.entry("title", TextFilters::title),
          Map.entry("tojson", TextFilters::toJson),
          Map.entry("trim", TextFilters::trim),
          Map.entry("truncate", TextFilters::truncate),
          Map.entry("upper", unary("upper", PythonText::upper)));

  private TextFilters() {}

  /** A filter without arguments on the value's text. */
  private static Filter unary(String name, UnaryOperator<String> function) {
    return (environment, value, arguments) -> {
      arguments.bindNone(name);
      return onText(environment, value, function);
    };
  }

  /** Applies a function to the text of a value; markup stays markup. */
  private static Object onText(
      Environment environment, Object value, UnaryOperator<String> function) {
    String text = environment.text(value);
    String result = function.apply(text);
    return value instanceof Markup ? new Markup(result) : result;
  }

  private static Object center(Environment environment, Object value, Arguments arguments) {
    long width = arguments.bind("center", 0, "width").integer(0, 80);
    StringMethods methods = new StringMethods(environment);
    return onText(
        environment, value, text -> methods.pad(text, StringMethods.Alignment.CENTER, width, " "));
  }

  private static Object escape(Environment environment, Object value, Arguments arguments) {
    arguments.bindNone("escape");
    return new Markup(Markup.escape(value, environment.text(value), environment.budget()));
  }

  private static Object forceEscape(Environment environment, Object value, Arguments arguments) {
    arguments.bindNone("forceescape");
    return new Markup(Markup.escape(environment.text(value), environment.budget()));
  }

  private static Object safe(Environment environment, Object value, Arguments arguments) {
    arguments.bindNone("safe");
    return new Markup(environment.text(value));
  }

  private static Object format(Environment environment, Object value, Arguments arguments) {
    boolean named = !arguments.keywords().isEmpty();
    if (named && !arguments.positional().isEmpty()) {
      throw new TemplateException("can't handle positional and keyword arguments at the same time");
    }
    Object template = value instanceof Markup ? value : environment.text(value);
    Object values = named ? arguments.keywords() : new Tuple(arguments.positional());
    return environment.arithmetic().format(template, values);
  }

  private static Object indent(Environment environment, Object value, Arguments arguments) {
    Arguments.Bound bound = arguments.bind("indent", 0, "width", "first", "blank");
    String text = Values.requireText(value);
    String indentation =
        Values.unwrap(bound.get(0)) instanceof String given
            ? given
            : " ".repeat((int) Math.max(0, Math.min(1 << 16, bound.integer(0, 4))));
    environment.budget().checkLength(text.length() + 1L);
    List<Object> lines = PythonText.splitLines(text + "\n", false);
    long growth = (long) lines.size() * indentation.length();
    environment.budget().reserveChars(text.length() + growth);
    StringBuilder result = new StringBuilder(bound.flag(1) ? indentation : "");
    for (int i = 0; i < lines.size(); i++) {
      String line = (String) lines.get(i);
      boolean indented = i > 0 && (bound.flag(2) || !line.isEmpty());
      result.append(i > 0 ? "\n" : "").append(indented ? indentation : "").append(line);
    }
    return value instanceof Markup ? new Markup(result.toString()) : result.toString();
  }

  private static Object join(Environment environment, Object value, Arguments arguments) {
    Arguments.Bound bound = arguments.bind("join", 0, "d", "attribute");
    String separator = environment.text(bound.get(0, ""));
    AttributePath path = AttributePath.of(environment, bound.get(1));
    StringBuilder joined = new StringBuilder();
    Iterator<Object> values = environment.iterate(value);
    while (values.hasNext()) {
      environment.budget().append(environment.text(path.find(values.next())), joined);
      environment.budget().append(values.hasNext() ? separator : "", joined);
    }
    return joined.toString();
  }

  private static Object replace(Environment environment, Object value, Arguments arguments) {
    Arguments.Bound bound = arguments.bind("replace", 2, "old", "new", "count");
    return new StringMethods(environment)
        .replace(
            environment.text(value),
            environment.text(bound.get(0)),
            environment.text(bound.get(1)),
            bound.get(2) == null ? -1 : bound.integer(2, -1));
  }

  private static Object title(Environment environment, Object value, Arguments arguments) {
    arguments.bindNone("title");
    String text = environment.text(value);
    MeteredText title = new MeteredText(environment.budget());
    Matcher word = WORD.matcher(text);
    int position = 0;
    while (word.find()) {
      title.append(text, position, word.start());
      PythonText.appendCapitalized(text, word.start(), word.end(), title);
      position = word.end();
    }
    return title.append(text, position, text.length()).toString();
  }

  private static Object trim(Environment environment, Object value, Arguments arguments) {
    Object given = arguments.bind("trim", 0, "chars").get(0);
    String characters = given == null ? null : Values.requireText(given);
    return onText(environment, value, text -> PythonText.strip(text, characters));
  }

  private static Object truncate(Environment environment, Object value, Arguments arguments) {
    Arguments.Bound bound = arguments.bind("truncate", 0, "length", "killwords", "end", "leeway");
    String end = environment.text(bound.get(2, "..."));
    long length = bound.integer(0, 255);
    long leeway = bound.get(3) == null ? 5 : bound.integer(3, 5);
    long room = length - end.codePointCount(0, end.length());
    if (room < 0 || leeway < 0) {
      throw new TemplateException("length and leeway of truncate are too small");
    }
    // What is short enough is returned as it is, also if it is no text.
    if (Values.size(value).orElse(Long.MAX_VALUE) <= length + leeway) {
      return value;
    }
    String text = Values.requireText(value);
    String start = PythonText.substring(text, 0, room);
    return (bound.flag(1) ? start : PythonText.splitFromRight(start, " ", 1).get(0)) + end;
  }

  private static Object toJson(Environment environment, Object value, Arguments arguments) {
    Arguments.Bound bound =
        arguments.bind("tojson", 0, "ensure_ascii", "indent", "separators", "sort_keys");
    String indent = jsonIndent(bound.get(1));
    List<Object> separators = new ArrayList<>(List.of(indent == null ? ", " : ",", ": "));
    if (bound.get(2) != null) {
      separators = environment.list(bound.get(2));
    }
    if (separators.size() != 2) {
      throw new TemplateException("separators must be a pair");
    }
    return new JsonText(
            environment,
            bound.flag(0),
            indent,
            Values.requireText(separators.get(0)),
            Values.requireText(separators.get(1)),
            bound.flag(3),
            new MeteredText(environment.budget()))
        .of(value);
  }

  private static String jsonIndent(Object indent) {
    if (indent == null || Values.unwrap(indent) instanceof String) {
      return (String) Values.unwrap(indent);
    }
    return " ".repeat((int) Math.max(0, Math.min(1 << 16, Numbers.toLong(indent))));
  }
}
