package dev.strata.udfs.jinja;

import dev.strata.udfs.jinja.Filters.Filter;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Predicate;

/** The filters that choose among values or look into them. */
final class SelectionFilters {
  static final Map<String, Filter> FILTERS =
      Map.of(
          "attr", SelectionFilters::attribute,
          "d", SelectionFilters::defaultValue,
          "default", SelectionFilters::defaultValue,
          "map", SelectionFilters::map,
          "reject", (e, value, arguments) -> select(e, value, arguments, false, false),
          "rejectattr", (e, value, arguments) -> select(e, value, arguments, false, true),
          "select", (e, value, arguments) -> select(e, value, arguments, true, false),
          "selectattr", (e, value, arguments) -> select(e, value, arguments, true, true),
          "unique", SelectionFilters::unique);

  private SelectionFilters() {}

  private static Object attribute(Environment environment, Object value, Arguments arguments) {
    return environment.attributes().ownAttribute(value, arguments.bind("attr", 1, "name").text(0));
  }

  private static Object defaultValue(Environment environment, Object value, Arguments arguments) {
    Arguments.Bound bound = arguments.bind("default", 0, "default_value", "boolean");
    boolean missing = value instanceof Undefined || (bound.flag(1) && !Values.isTrue(value));
    return missing ? bound.get(0, "") : value;
  }

  private static Object map(Environment environment, Object value, Arguments arguments) {
    return new Generator(
        () ->
            Values.isTrue(value)
                ? Generator.map(environment.iterate(value), mapping(environment, arguments))
                : Collections.emptyIterator());
  }

  private static Function<Object, Object> mapping(Environment environment, Arguments arguments) {
    if (arguments.positional().isEmpty()) {
      return attributeMapping(environment, arguments.keywords());
    }
    String name = Values.requireText(arguments.positional().get(0));
    Arguments rest = arguments.withoutFirst();
    return value -> {
      environment.budget().spend(1);
      return environment.filters().apply(name, value, rest);
    };
  }

  private static Function<Object, Object> attributeMapping(
      Environment environment, Map<String, Object> keywords) {
    Map<String, Object> unused = new LinkedHashMap<>(keywords);
    if (!unused.containsKey("attribute")) {
      throw new TemplateException("map requires a filter argument");
    }
    AttributePath path =
        AttributePath.of(environment, unused.remove("attribute"))
            .withDefault(unused.remove("default"));
    if (!unused.isEmpty()) {
      throw new TemplateException(
          "Unexpected keyword argument '" + unused.keySet().iterator().next() + "'");
    }
    return path::find;
  }

  private static Object select(
      Environment environment,
      Object value,
      Arguments arguments,
      boolean wanted,
      boolean byAttribute) {
    return new Generator(
        () -> {
          if (!Values.isTrue(value)) {
            return Collections.emptyIterator();
          }
          Predicate<Object> test = condition(environment, arguments, byAttribute);
          return Generator.filter(
              environment.iterate(value), element -> test.test(element) == wanted);
        });
  }

  private static Predicate<Object> condition(
      Environment environment, Arguments arguments, boolean byAttribute) {
    if (!byAttribute) {
      return condition(environment, arguments);
    }
    if (arguments.positional().isEmpty()) {
      throw new TemplateException("Missing parameter for attribute name");
    }
    AttributePath path = AttributePath.of(environment, arguments.positional().get(0));
    Predicate<Object> test = condition(environment, arguments.withoutFirst());
    return element -> test.test(path.find(element));
  }

  /** The test that the first argument names, or the value's truth without one. */
  private static Predicate<Object> condition(Environment environment, Arguments arguments) {
    if (arguments.positional().isEmpty()) {
      return Values::isTrue;
    }
    String name = Values.requireText(arguments.positional().get(0));
    Arguments rest = arguments.withoutFirst();
    return element -> {
      environment.budget().spend(1);
      return environment.tests().check(name, element, rest);
    };
  }

  private static Object unique(Environment environment, Object value, Arguments arguments) {
    Arguments.Bound bound = arguments.bind("unique", 0, "case_sensitive", "attribute");
    AttributePath path = AttributePath.of(environment, bound.get(1));
    return new Generator(
        () -> {
          Set<Object> seen = new HashSet<>();
          Iterator<Object> values = environment.iterate(value);
          return Generator.filter(
              values, element -> seen.add(hashKey(path.key(element, bound.flag(0)))));
        });
  }

  /** An object that is equal where Python's values are. */
  private static Object hashKey(Object key) {
    Budget.reportItem();
    Object plain = Values.requireKey(key);
    if (plain instanceof Tuple tuple) {
      List<Object> keys = new ArrayList<>();
      tuple.forEach(element -> keys.add(hashKey(element)));
      return keys;
    }
    if (plain instanceof Undefined) {
      return Undefined.class;
    }
    boolean integral =
        plain instanceof Double real && real == Math.rint(real) && Math.abs(real) < 1L << 53;
    return plain instanceof Boolean || integral ? integerKey(plain) : plain;
  }

  private static Object integerKey(Object number) {
    return number instanceof Double real ? (Object) real.longValue() : Numbers.toLong(number);
  }
}
