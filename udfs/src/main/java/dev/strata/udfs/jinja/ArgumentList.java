package dev.strata.udfs.jinja;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The arguments of a call as they are written.
 *
 * @param starred the expression after {@code *}, or null
 * @param doubleStarred the expression after {@code **}, or null
 */
record ArgumentList(
    List<Expression> positional,
    Map<String, Expression> keywords,
    Expression starred,
    Expression doubleStarred) {

  static final ArgumentList EMPTY = new ArgumentList(List.of(), Map.of(), null, null);

  Arguments evaluate(Scope scope) {
    List<Object> values = new ArrayList<>();
    for (Expression expression : positional) {
      values.add(expression.evaluate(scope));
    }
    if (starred != null) {
      values.addAll(scope.environment().list(starred.evaluate(scope)));
    }
    Map<String, Object> named = new LinkedHashMap<>();
    keywords.forEach((name, expression) -> named.put(name, expression.evaluate(scope)));
    if (doubleStarred != null) {
      Object mapping = doubleStarred.evaluate(scope);
      addMapping(mapping, named);
      scope.budget().reserveItems(named.size());
    }
    return new Arguments(values, named);
  }

  private static void addMapping(Object mapping, Map<String, Object> named) {
    if (!(mapping instanceof Map<?, ?> map)) {
      throw new TemplateException(
          "argument after ** must be a mapping, not " + Values.typeName(mapping));
    }
    map.forEach(
        (name, value) -> {
          if (!(name instanceof String text) || named.containsKey(text)) {
            throw new TemplateException("invalid keyword argument " + name);
          }
          named.put(text, value);
        });
  }
}
