package dev.strata.udfs.jinja;

import java.util.ArrayList;
import java.util.List;

/** The attribute that a filter is told to look at, as in {@code map(attribute='a.0.b')}. */
record AttributePath(Environment environment, List<Object> parts, Object whenUndefined) {

  /** The path written as a text or as an index; the value itself if it is null. */
  static AttributePath of(Environment environment, Object attribute) {
    List<Object> parts = new ArrayList<>();
    if (Values.unwrap(attribute) instanceof String text) {
      for (Object part : PythonText.split(text, ".", -1)) {
        parts.add(index((String) part));
      }
    } else if (attribute != null) {
      parts.add(attribute);
    }
    return new AttributePath(environment, parts, null);
  }

  private static Object index(String part) {
    return part.matches("\\d{1,18}") ? (Object) Long.valueOf(part) : part;
  }

  AttributePath withDefault(Object value) {
    return new AttributePath(environment, parts, value);
  }

  Object find(Object value) {
    Object found = value;
    for (Object part : parts) {
      environment.budget().spend(1);
      found = environment.attributes().item(found, part);
      if (whenUndefined != null && found instanceof Undefined) {
        found = whenUndefined;
      }
    }
    return found;
  }

  /** What sorting and grouping compare. */
  Object key(Object value, boolean caseSensitive) {
    return fold(find(value), caseSensitive);
  }

  static Object fold(Object key, boolean caseSensitive) {
    return !caseSensitive && Values.unwrap(key) instanceof String text
        ? PythonText.lower(text)
        : key;
  }
}
