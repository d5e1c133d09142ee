package dev.strata.udfs.jinja;

import java.time.Clock;
import java.time.LocalDateTime;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The functions that every template has: jinja2's own, and those that transformers adds. */
final class Globals {
  private final Environment environment;
  private final Clock clock;

  private Globals(Environment environment, Clock clock) {
    this.environment = environment;
    this.clock = clock;
  }

  static Map<String, Object> create(Environment environment, Clock clock) {
    Globals globals = new Globals(environment, clock);
    return Map.of(
        "range", (Invocable) Range::of,
        "dict", (Invocable) globals::dict,
        "namespace", (Invocable) globals::namespace,
        "cycler", (Invocable) Globals::cycler,
        "joiner", (Invocable) globals::joiner,
        "raise_exception", (Invocable) globals::raiseException,
        "strftime_now", (Invocable) globals::strftimeNow);
  }

  private Map<Object, Object> dict(Arguments arguments) {
    Map<Object, Object> dict = new LinkedHashMap<>();
    List<Object> positional = arguments.positional();
    if (positional.size() > 1) {
      throw new TemplateException("dict expected at most 1 argument, got " + positional.size());
    }
    for (Object source : positional) {
      if (source instanceof Map<?, ?> map) {
        environment.budget().reserveItems(map.size());
        dict.putAll(map);
      } else {
        addPairs(dict, environment.iterate(source));
      }
    }
    dict.putAll(arguments.keywords());
    return dict;
  }

  private void addPairs(Map<Object, Object> dict, Iterator<Object> pairs) {
    while (pairs.hasNext()) {
      List<Object> pair = environment.list(pairs.next());
      if (pair.size() != 2) {
        throw new TemplateException("dictionary update sequence elements must be pairs");
      }
      Values.put(dict, Values.requireKey(pair.get(0)), pair.get(1));
    }
  }

  private Namespace namespace(Arguments arguments) {
    Namespace namespace = new Namespace();
    dict(arguments).forEach((name, value) -> namespace.set(environment.text(name), value));
    return namespace;
  }

  private static Cycler cycler(Arguments arguments) {
    if (!arguments.keywords().isEmpty()) {
      throw new TemplateException("cycler() takes no keyword arguments");
    }
    return new Cycler(arguments.positional());
  }

  private Invocable joiner(Arguments arguments) {
    Object separator = arguments.bind("joiner", 0, "sep").get(0, ", ");
    Iterator<Object> first = List.<Object>of("").iterator();
    return call -> {
      call.bindNone("joiner");
      return first.hasNext() ? first.next() : separator;
    };
  }

  private Object raiseException(Arguments arguments) {
    Object message = arguments.bind("raise_exception", 1, "message").get(0);
    throw TemplateException.raised(environment.text(message));
  }

  private String strftimeNow(Arguments arguments) {
    String format = arguments.bind("strftime_now", 1, "format").text(0);
    Budget budget = environment.budget();
    return (String)
        budget.made(new Strftime(LocalDateTime.now(clock), budget).format(format), format);
  }
}
