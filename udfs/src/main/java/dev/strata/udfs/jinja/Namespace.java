package dev.strata.udfs.jinja;

import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The only value that a template may change: attributes that survive the scope in which they are
 * set.
 */
final class Namespace {
  private final Map<String, Object> attributes = new LinkedHashMap<>();

  Map<String, Object> attributes() {
    return attributes;
  }

  void set(String name, Object value) {
    attributes.put(name, value);
  }

  Object attribute(String name) {
    return attributes.containsKey(name) ? attributes.get(name) : Undefined.attribute(this, name);
  }
}
