package dev.strata.udfs.jinja;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The evaluated arguments of one call. */
record Arguments(List<Object> positional, Map<String, Object> keywords) {

  static final Arguments NONE = new Arguments(List.of(), Map.of());

  Arguments withKeyword(String name, Object value) {
    Map<String, Object> extended = new LinkedHashMap<>(keywords);
    extended.put(name, value);
    return new Arguments(positional, extended);
  }

  Arguments withoutFirst() {
    return new Arguments(positional.subList(1, positional.size()), keywords);
  }

  /**
   * Matches the arguments to parameters as Python does. The first {@code required} parameters must
   * be given; a parameter whose name starts with {@code /} is positional only.
   */
  Bound bind(String function, int required, String... parameters) {
    if (positional.size() > parameters.length) {
      throw new TemplateException(
          "%s() takes at most %d arguments (%d given)"
              .formatted(function, parameters.length, positional.size()));
    }
    List<Object> values = new ArrayList<>(positional);
    List<Boolean> given = new ArrayList<>();
    positional.forEach(value -> given.add(true));
    Map<String, Object> unused = new LinkedHashMap<>(keywords);
    for (String parameter : Arrays.asList(parameters).subList(values.size(), parameters.length)) {
      given.add(unused.containsKey(parameter));
      values.add(unused.remove(parameter));
    }
    if (!unused.isEmpty()) {
      String name = unused.keySet().iterator().next();
      throw new TemplateException(
          function + "() got an unexpected keyword argument '" + name + "'");
    }
    if (given.subList(0, required).contains(false)) {
      throw new TemplateException(function + "() is missing a required argument");
    }
    return new Bound(values, given);
  }

  void bindNone(String function) {
    bind(function, 0);
  }

  /** Arguments in the order of the parameters. */
  record Bound(List<Object> values, List<Boolean> given) {

    /** The value of a parameter, null if it was not given. */
    Object get(int index) {
      return values.get(index);
    }

    Object get(int index, Object whenAbsent) {
      return given.get(index) ? values.get(index) : whenAbsent;
    }

    boolean flag(int index) {
      return Values.isTrue(get(index));
    }

    String text(int index) {
      return Values.requireText(get(index));
    }

    long integer(int index, long whenAbsent) {
      return given.get(index) ? Numbers.toLong(values.get(index)) : whenAbsent;
    }
  }
}
