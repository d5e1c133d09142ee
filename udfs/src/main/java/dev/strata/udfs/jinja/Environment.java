package dev.strata.udfs.jinja;

import java.time.Clock;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The operations on values that one render uses, all of them within its budget. */
final class Environment {
  private final Budget budget;
  private final Clock clock;
  private final Arithmetic arithmetic = new Arithmetic(this);
  private final Comparisons comparisons = new Comparisons(this);
  private final Attributes attributes = new Attributes(this);
  private final Filters filters = new Filters(this);
  private final Tests tests = new Tests(this);

  Environment(Budget budget, Clock clock) {
    this.budget = budget;
    this.clock = clock;
  }

  Budget budget() {
    return budget;
  }

  Arithmetic arithmetic() {
    return arithmetic;
  }

  Comparisons comparisons() {
    return comparisons;
  }

  Attributes attributes() {
    return attributes;
  }

  Filters filters() {
    return filters;
  }

  Tests tests() {
    return tests;
  }

  Map<String, Object> globals() {
    return Globals.create(this, clock);
  }

  /** Python's {@code str(value)}, which is also how a value prints. */
  String text(Object value) {
    Object plain = Values.unwrap(value);
    if (plain instanceof String text) {
      return text;
    }
    return plain instanceof Undefined ? "" : new Representation(budget).of(value);
  }

  /** Python's {@code repr(value)}. */
  String representation(Object value) {
    return new Representation(budget).of(value);
  }

  Iterator<Object> iterate(Object value) {
    Object plain = Values.unwrap(value);
    if (plain instanceof Undefined) {
      return List.of().iterator();
    }
    if (plain instanceof String text) {
      return text.codePoints().<Object>mapToObj(Character::toString).iterator();
    }
    if (plain instanceof Map<?, ?> map) {
      return DictView.keys(map).iterator();
    }
    if (plain instanceof Generator generator) {
      return generator;
    }
    if (!(plain instanceof Collection<?> collection)) {
      throw new TemplateException("'" + Values.typeName(plain) + "' object is not iterable");
    }
    return Generator.map(collection.iterator(), element -> element);
  }

  List<Object> list(Object iterable) {
    List<Object> list = new ArrayList<>();
    Iterator<Object> values = iterate(iterable);
    while (values.hasNext()) {
      budget.reserveItems(1);
      list.add(values.next());
    }
    return list;
  }

  /** Copies a variable given by the caller into the closed set of value types. */
  Object importValue(Object value) {
    if (value == null
        || value instanceof Boolean
        || value instanceof Long
        || value instanceof Double
        || value instanceof String) {
      return value;
    }
    if (value instanceof Integer integer) {
      return integer.longValue();
    }
    if (!(value instanceof Map || value instanceof List)) {
      throw new TemplateException("unsupported type of variable: " + value.getClass().getName());
    }
    budget.enter();
    Object copy = value instanceof Map<?, ?> map ? importMap(map) : importList((List<?>) value);
    budget.leave();
    return copy;
  }

  private Map<Object, Object> importMap(Map<?, ?> map) {
    Map<Object, Object> copy = new LinkedHashMap<>();
    map.forEach((key, value) -> copy.put(importValue(key), importValue(value)));
    return copy;
  }

  private List<Object> importList(List<?> list) {
    List<Object> copy = new ArrayList<>(list.size());
    list.forEach(value -> copy.add(importValue(value)));
    return copy;
  }
}
