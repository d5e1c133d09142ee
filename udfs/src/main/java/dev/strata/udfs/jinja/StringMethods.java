package dev.strata.udfs.jinja;

import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.function.BiPredicate;
import java.util.function.Function;
import java.util.stream.Collectors;

/** The methods of str. Positions are code points, as in Python. */
final class StringMethods {
  static final Set<String> NAMES =
      Set.of(
          "capitalize",
          "casefold",
          "center",
          "count",
          "encode",
          "endswith",
          "expandtabs",
          "find",
          "format",
          "format_map",
          "index",
          "isalnum",
          "isalpha",
          "isascii",
          "isdecimal",
          "isdigit",
          "isidentifier",
          "islower",
          "isnumeric",
          "isprintable",
          "isspace",
          "istitle",
          "isupper",
          "join",
          "ljust",
          "lower",
          "lstrip",
          "maketrans",
          "partition",
          "removeprefix",
          "removesuffix",
          "replace",
          "rfind",
          "rindex",
          "rjust",
          "rpartition",
          "rsplit",
          "rstrip",
          "split",
          "splitlines",
          "startswith",
          "strip",
          "swapcase",
          "title",
          "translate",
          "upper",
          "zfill");

  /** The methods of markup that escape their arguments. */
  private static final Set<String> ESCAPING =
      Set.of(
          "center",
          "ljust",
          "lstrip",
          "removeprefix",
          "removesuffix",
          "replace",
          "rjust",
          "rstrip",
          "strip",
          "join");

  private final Environment environment;

  StringMethods(Environment environment) {
    this.environment = environment;
  }

  boolean exists(String name) {
    return NAMES.contains(name);
  }

  Invocable bind(Object receiver, String name) {
    if (receiver instanceof Markup markup) {
      return arguments -> callOnMarkup(markup, name, arguments);
    }
    return arguments ->
        environment.budget().made(call((String) receiver, name, arguments), receiver);
  }

  private Object callOnMarkup(Markup markup, String name, Arguments arguments) {
    Arguments escaped = arguments;
    if (ESCAPING.contains(name)) {
      escaped = new Arguments(map(arguments.positional(), this::escape), arguments.keywords());
    }
    Object result = environment.budget().made(call(markup.text(), name, escaped), markup);
    if (result instanceof Tuple tuple) {
      return new Tuple(map(tuple, StringMethods::mark));
    }
    return result instanceof List<?> list ? map(list, StringMethods::mark) : mark(result);
  }

  private static List<Object> map(List<?> values, Function<Object, Object> function) {
    return values.stream().map(function).collect(Collectors.toCollection(ArrayList::new));
  }

  private static Object mark(Object value) {
    return value instanceof String text ? new Markup(text) : value;
  }

  private Object escape(Object value) {
    if (value instanceof List<?> list) {
      return map(list, this::escape);
    }
    return value instanceof String text
        ? Markup.escape(text, environment.budget())
        : Values.unwrap(value);
  }

  private Object call(String self, String name, Arguments arguments) {
    environment.budget().work(self.length());
    return switch (name) {
      case "strip", "lstrip", "rstrip" -> strip(self, name, arguments);
      case "split", "rsplit" -> split(self, name, arguments);
      case "splitlines" -> {
        boolean keepEnds = arguments.bind(name, 0, "keepends").flag(0);
        yield PythonText.splitLines(self, keepEnds);
      }
      case "partition", "rpartition" -> partition(self, name, arguments);
      case "startswith" ->
          hasAffix(self, arguments.bind(name, 1, "/prefix", "/start", "/end"), String::startsWith);
      case "endswith" ->
          hasAffix(self, arguments.bind(name, 1, "/suffix", "/start", "/end"), String::endsWith);
      case "removeprefix" -> {
        String prefix = arguments.bind(name, 1, "/prefix").text(0);
        yield self.startsWith(prefix) ? self.substring(prefix.length()) : self;
      }
      case "removesuffix" -> {
        String suffix = arguments.bind(name, 1, "/suffix").text(0);
        yield self.endsWith(suffix) ? self.substring(0, self.length() - suffix.length()) : self;
      }
      case "replace" -> {
        Arguments.Bound bound = arguments.bind(name, 2, "/old", "/new", "/count");
        yield replace(self, bound.text(0), bound.text(1), bound.integer(2, -1));
      }
      case "find", "index", "rfind", "rindex" -> find(self, name, arguments);
      case "count" -> count(self, arguments);
      case "join" -> join(self, arguments.bind(name, 1, "/iterable").get(0));
      case "format" -> new StrFormat(environment, arguments).format(self);
      case "format_map" -> {
        Object mapping = arguments.bind(name, 1, "/mapping").get(0);
        yield StrFormat.withMapping(environment, mapping).format(self);
      }
      case "center", "ljust", "rjust" -> justify(self, name, arguments);
      case "zfill" -> zeroFill(self, arguments.bind(name, 1, "/width").integer(0, 0));
      case "expandtabs" -> {
        long size = arguments.bind(name, 0, "tabsize").integer(0, 8);
        yield expandTabs(self, Math.max(0, size));
      }
      case "encode", "maketrans", "translate" ->
          throw new TemplateException("the method str." + name + " is not supported");
      default -> {
        arguments.bindNone(name);
        yield callWithoutArguments(self, name);
      }
    };
  }

  private Object callWithoutArguments(String self, String name) {
    return switch (name) {
      case "upper" -> PythonText.upper(self);
      case "lower" -> PythonText.lower(self);
      case "casefold" -> PythonText.lower(self).replace("ß", "ss");
      case "title" -> PythonText.title(self, environment.budget());
      case "capitalize" -> PythonText.capitalize(self);
      case "swapcase" -> PythonText.swapCase(self, environment.budget());
      default -> CharacterClasses.matches(name, self, environment.budget());
    };
  }

  private static String strip(String self, String name, Arguments arguments) {
    Object given = arguments.bind(name, 0, "/chars").get(0);
    String characters = given == null ? null : Values.requireText(given);
    return switch (name) {
      case "lstrip" -> PythonText.stripLeft(self, characters);
      case "rstrip" -> PythonText.stripRight(self, characters);
      default -> PythonText.strip(self, characters);
    };
  }

  private Object split(String self, String name, Arguments arguments) {
    Arguments.Bound bound = arguments.bind(name, 0, "sep", "maxsplit");
    String separator = bound.get(0) == null ? null : bound.text(0);
    long limit = bound.integer(1, -1);
    List<Object> parts =
        name.equals("split")
            ? PythonText.split(self, separator, limit)
            : PythonText.splitFromRight(self, separator, limit);
    return parts;
  }

  private static Tuple partition(String self, String name, Arguments arguments) {
    String separator = arguments.bind(name, 1, "/sep").text(0);
    if (separator.isEmpty()) {
      throw new TemplateException("empty separator");
    }
    boolean fromLeft = name.equals("partition");
    int at =
        fromLeft
            ? TextSearch.fromLeft(separator).find(self, 0)
            : TextSearch.fromRight(separator).find(self, self.length());
    if (at < 0) {
      return new Tuple(fromLeft ? List.of(self, "", "") : List.of("", "", self));
    }
    return new Tuple(
        List.of(self.substring(0, at), separator, self.substring(at + separator.length())));
  }

  private static boolean hasAffix(
      String self, Arguments.Bound bound, BiPredicate<String, String> test) {
    Window window = Window.of(self, bound);
    if (window == null) {
      return false;
    }
    if (bound.get(0) instanceof Tuple affixes) {
      return affixes.stream().anyMatch(affix -> test.test(window.text, Values.requireText(affix)));
    }
    return test.test(window.text, bound.text(0));
  }

  /** The part of a text between the optional start and end of a search. */
  private record Window(String text, long offset) {

    /** The window of the second and third argument, null if its start lies behind the text. */
    static Window of(String self, Arguments.Bound bound) {
      int size = self.codePointCount(0, self.length());
      if (bound.get(1) != null && Numbers.toLong(bound.get(1)) > size) {
        return null;
      }
      SliceBounds.Indices indices = new SliceBounds(bound.get(1), bound.get(2), null).indices(size);
      String text = PythonText.substring(self, indices.start(), indices.stop());
      return indices.start() > indices.stop() ? null : new Window(text, indices.start());
    }
  }

  private static Object find(String self, String name, Arguments arguments) {
    Arguments.Bound bound = arguments.bind(name, 1, "/sub", "/start", "/end");
    String part = bound.text(0);
    Window window = Window.of(self, bound);
    int at = -1;
    if (window != null) {
      at =
          name.startsWith("r")
              ? TextSearch.fromRight(part).find(window.text, window.text.length())
              : TextSearch.fromLeft(part).find(window.text, 0);
    }
    if (at < 0) {
      if (name.endsWith("index")) {
        throw new TemplateException("substring not found");
      }
      return -1L;
    }
    return window.offset + window.text.codePointCount(0, at);
  }

  private static Object count(String self, Arguments arguments) {
    Arguments.Bound bound = arguments.bind("count", 1, "/sub", "/start", "/end");
    String part = bound.text(0);
    Window window = Window.of(self, bound);
    if (window == null) {
      return 0L;
    }
    if (part.isEmpty()) {
      return window.text.codePointCount(0, window.text.length()) + 1L;
    }
    return PythonText.count(window.text, part);
  }

  /** Replaces the first {@code count} occurrences, all of them if the count is negative. */
  String replace(String self, String old, String replacement, long count) {
    long occurrences = old.isEmpty() ? self.length() + 1L : PythonText.count(self, old);
    long growth = Math.max(0, replacement.length() - old.length());
    environment.budget().checkLength(self.length() + occurrences * growth);
    long most = count < 0 ? Long.MAX_VALUE : count;
    return old.isEmpty()
        ? insertEverywhere(self, replacement, most)
        : replaceParts(self, old, replacement, most);
  }

  private String replaceParts(String self, String old, String replacement, long most) {
    TextSearch search = TextSearch.fromLeft(old);
    MeteredText result = new MeteredText(environment.budget());
    int position = 0;
    long left = most;
    int at = search.find(self, 0);
    while (at >= 0 && left-- > 0) {
      result.append(self.substring(position, at)).append(replacement);
      position = at + old.length();
      at = search.find(self, position);
    }
    return position == 0 ? self : result.append(self.substring(position)).toString();
  }

  private String insertEverywhere(String self, String inserted, long most) {
    MeteredText result = new MeteredText(environment.budget());
    long left = most;
    for (int i = 0; i < self.length(); i += Character.charCount(self.codePointAt(i))) {
      result.append(left-- > 0 ? inserted : "").appendCodePoint(self.codePointAt(i));
    }
    return result.append(left > 0 ? inserted : "").toString();
  }

  private String join(String separator, Object iterable) {
    StringBuilder joined = new StringBuilder();
    Iterator<Object> parts = environment.iterate(iterable);
    while (parts.hasNext()) {
      environment.budget().append(Values.requireText(parts.next()), joined);
      environment.budget().append(parts.hasNext() ? separator : "", joined);
    }
    return joined.toString();
  }

  private String justify(String self, String name, Arguments arguments) {
    Arguments.Bound bound = arguments.bind(name, 1, "/width", "/fillchar");
    String fill = bound.get(1) == null ? " " : bound.text(1);
    if (fill.codePointCount(0, fill.length()) != 1) {
      throw new TemplateException("The fill character must be exactly one character long");
    }
    return pad(self, Alignment.valueOf(name.toUpperCase(Locale.ROOT)), bound.integer(0, 0), fill);
  }

  /** Where a text stands in a wider field. */
  enum Alignment {
    LJUST,
    RJUST,
    CENTER
  }

  String pad(String self, Alignment alignment, long width, String fill) {
    long missing = width - self.codePointCount(0, self.length());
    if (missing <= 0) {
      return self;
    }
    environment.budget().reserveChars(width);
    long left =
        switch (alignment) {
          case LJUST -> 0;
          case RJUST -> missing;
          // Which side gets the odd character is what CPython happens to do.
          case CENTER -> missing / 2 + (missing & width & 1);
        };
    return fill.repeat((int) left) + self + fill.repeat((int) (missing - left));
  }

  private String zeroFill(String self, long width) {
    boolean signed = self.startsWith("+") || self.startsWith("-");
    String sign = signed ? self.substring(0, 1) : "";
    return sign + pad(self.substring(sign.length()), Alignment.RJUST, width - sign.length(), "0");
  }

  private String expandTabs(String self, long size) {
    MeteredText expanded = new MeteredText(environment.budget());
    long column = 0;
    for (int i = 0; i < self.length(); i += Character.charCount(self.codePointAt(i))) {
      int code = self.codePointAt(i);
      if (code == '\t') {
        long width = size == 0 ? 0 : size - column % size;
        environment.budget().checkLength(width);
        expanded.append(" ".repeat((int) width));
        column += width;
      } else {
        expanded.appendCodePoint(code);
        column = code == '\n' || code == '\r' ? 0 : column + 1;
      }
    }
    return expanded.toString();
  }
}
