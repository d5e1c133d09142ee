package dev.strata.udfs.jinja;

import java.util.HashMap;
import java.util.Map;
import java.util.Set;

/** The filters by name. */
final class Filters {
  /** A filter, which works within the render's environment. */
  interface Filter {
    Object apply(Environment environment, Object value, Arguments arguments);
  }

  /**
   * Filters of jinja2 that no chat template has a use for: they are known, and fail when they run.
   */
  private static final Set<String> UNSUPPORTED =
      Set.of(
          "filesizeformat",
          "pprint",
          "random",
          "striptags",
          "urlencode",
          "urlize",
          "wordwrap",
          "xmlattr");

  private static final Map<String, Filter> FILTERS = new HashMap<>();

  static {
    FILTERS.putAll(TextFilters.FILTERS);
    FILTERS.putAll(NumberFilters.FILTERS);
    FILTERS.putAll(SequenceFilters.FILTERS);
    FILTERS.putAll(SelectionFilters.FILTERS);
  }

  private final Environment environment;

  Filters(Environment environment) {
    this.environment = environment;
  }

  /** The names of those that work. */
  static Set<String> names() {
    return FILTERS.keySet();
  }

  static boolean exists(String name) {
    return FILTERS.containsKey(name) || UNSUPPORTED.contains(name);
  }

  Object apply(String name, Object value, Arguments arguments) {
    Filter filter = FILTERS.get(name);
    if (filter == null) {
      throw new TemplateException(
          UNSUPPORTED.contains(name)
              ? "the filter '" + name + "' is not supported"
              : "No filter named '" + name + "' found.");
    }
    Budget budget = environment.budget();
    budget.read(value);
    return budget.made(filter.apply(environment, value, arguments), value);
  }
}
