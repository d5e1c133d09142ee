package dev.strata.udfs.jinja;

import java.util.HashMap;
import java.util.Map;

/** Variables of one lexical scope, inside those of its parent. */
final class Scope {
  private final Environment environment;
  private final Scope parent;
  private final Map<String, Object> variables = new HashMap<>();

  Scope(Environment environment, Scope parent) {
    this.environment = environment;
    this.parent = parent;
  }

  Scope child() {
    return new Scope(environment, this);
  }

  Environment environment() {
    return environment;
  }

  Budget budget() {
    return environment.budget();
  }

  /** The scope of the template's top level, the only one whose parent holds the globals. */
  Scope topLevel() {
    Scope scope = this;
    while (scope.parent.parent != null) {
      scope = scope.parent;
    }
    return scope;
  }

  Object get(String name) {
    for (Scope scope = this; scope != null; scope = scope.parent) {
      Object value = scope.variables.get(name);
      if (value != null || scope.variables.containsKey(name)) {
        return value;
      }
    }
    return new Undefined("'" + name + "' is undefined");
  }

  void set(String name, Object value) {
    variables.put(name, value);
  }
}
