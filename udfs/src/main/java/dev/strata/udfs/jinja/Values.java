package dev.strata.udfs.jinja;

import java.math.BigInteger;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;

/**
 * What all values have in common. A value is null (Python's None), a Boolean, an integer (a Long,
 * or a BigInteger where that does not suffice), a Double, a String, a {@link Markup}, a List (a
 * {@link Tuple} among them), a Map, {@link Undefined}, or one of the package's own objects. A
 * template can reach nothing else, and nothing by reflection.
 */
final class Values {
  private Values() {}

  static Object unwrap(Object value) {
    return value instanceof Markup markup ? markup.text() : value;
  }

  static boolean isTrue(Object value) {
    if (value == null || value instanceof Undefined) {
      return false;
    }
    if (value instanceof Boolean bool) {
      return bool;
    }
    if (value instanceof Number number) {
      return number.doubleValue() != 0;
    }
    if (unwrap(value) instanceof String text) {
      return !text.isEmpty();
    }
    OptionalLong size = size(value);
    return size.isEmpty() || size.getAsLong() > 0;
  }

  /** The length of what has one. */
  static OptionalLong size(Object value) {
    Object plain = unwrap(value);
    if (plain instanceof String text) {
      Budget.report(text.length());
      return OptionalLong.of(text.codePointCount(0, text.length()));
    }
    if (plain instanceof Collection<?> collection) {
      return OptionalLong.of(collection.size());
    }
    if (plain instanceof Map<?, ?> map) {
      return OptionalLong.of(map.size());
    }
    if (plain instanceof LoopContext loop) {
      return OptionalLong.of(loop.length());
    }
    return plain instanceof Undefined ? OptionalLong.of(0) : OptionalLong.empty();
  }

  /** The name of the value's type in Python. */
  static String typeName(Object value) {
    if (value == null) {
      return "NoneType";
    }
    if (value instanceof Boolean) {
      return "bool";
    }
    if (value instanceof Number) {
      return value instanceof Double ? "float" : "int";
    }
    if (value instanceof String) {
      return "str";
    }
    if (value instanceof Map) {
      return "dict";
    }
    if (value instanceof DictView view) {
      return view.typeName();
    }
    if (value instanceof List) {
      return value instanceof Tuple ? "tuple" : "list";
    }
    return objectTypeName(value);
  }

  private static String objectTypeName(Object value) {
    if (value instanceof Range) {
      return "range";
    }
    if (value instanceof Generator) {
      return "generator";
    }
    if (value instanceof Invocable
        && !(value instanceof Macro)
        && !(value instanceof LoopContext)) {
      return "function";
    }
    return value.getClass().getSimpleName();
  }

  /** How the message of an undefined attribute names its object. */
  static String describe(Object value) {
    if (value == null) {
      return "None";
    }
    String name = typeName(value);
    if (value instanceof Markup) {
      return "markupsafe.Markup object";
    }
    if (value instanceof Namespace || value instanceof Cycler) {
      return "jinja2.utils." + name + " object";
    }
    boolean ofRuntime = value instanceof Macro || value instanceof LoopContext;
    return (ofRuntime ? "jinja2.runtime." : "") + name + " object";
  }

  static String requireText(Object value) {
    if (value instanceof Undefined undefined) {
      throw undefined.failure();
    }
    if (unwrap(value) instanceof String text) {
      return text;
    }
    throw new TemplateException("expected str, got " + typeName(value));
  }

  /** Checks a dict's key, and makes equal keys one Java value. */
  static Object requireKey(Object key) {
    if (!isHashable(key)) {
      throw new TemplateException("unhashable type: '" + typeName(key) + "'");
    }
    return unwrap(key);
  }

  static boolean isHashable(Object key) {
    Budget.report(1);
    if (key instanceof Tuple tuple) {
      return tuple.stream().allMatch(Values::isHashable);
    }
    return !(key instanceof List || key instanceof Map);
  }

  /** The entry of a map for a key, which may be a number of another type than the map's own. */
  static boolean containsKey(Map<?, ?> map, Object key) {
    return map.containsKey(sameKey(map, key));
  }

  static Object get(Map<?, ?> map, Object key) {
    return map.get(sameKey(map, key));
  }

  static void put(Map<Object, Object> map, Object key, Object value) {
    map.put(sameKey(map, key), value);
  }

  private static Object sameKey(Map<?, ?> map, Object key) {
    Object plain = unwrap(key);
    if (!Numbers.isNumber(plain) || map.containsKey(plain)) {
      return plain;
    }
    for (Object other : map.keySet()) {
      Budget.report(1);
      if (Numbers.isNumber(other) && Numbers.compare(other, plain) == 0) {
        return other;
      }
    }
    return plain;
  }

  static boolean isIntegerValue(Object value) {
    return value instanceof Long || value instanceof BigInteger;
  }
}
