package dev.strata.udfs.jinja;

import dev.strata.udfs.jinja.Filters.Filter;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.Iterator;
import java.util.List;
import java.util.Map;

/** The filters that order, group and take apart sequences. */
final class SequenceFilters {
  static final Map<String, Filter> FILTERS =
      Map.ofEntries(
          Map.entry("batch", SequenceFilters::batch),
          Map.entry("dictsort", SequenceFilters::sortDict),
          Map.entry("first", SequenceFilters::first),
          Map.entry("groupby", SequenceFilters::groupBy),
          Map.entry("items", SequenceFilters::items),
          Map.entry("last", SequenceFilters::last),
          Map.entry("list", SequenceFilters::list),
          Map.entry("max", (e, value, arguments) -> extreme(e, value, arguments, true)),
          Map.entry("min", (e, value, arguments) -> extreme(e, value, arguments, false)),
          Map.entry("reverse", SequenceFilters::reverse),
          Map.entry("slice", SequenceFilters::slice),
          Map.entry("sort", SequenceFilters::sort));

  private SequenceFilters() {}

  private static Object batch(Environment environment, Object value, Arguments arguments) {
    Arguments.Bound bound = arguments.bind("batch", 1, "linecount", "fill_with");
    return new Generator(
        () -> batches(environment, value, bound.integer(0, 0), bound.get(1)).iterator());
  }

  private static List<Object> batches(
      Environment environment, Object value, long size, Object filler) {
    List<Object> batches = new ArrayList<>();
    List<Object> batch = new ArrayList<>();
    for (Object element : environment.list(value)) {
      if (batch.size() == size) {
        batches.add(batch);
        batch = new ArrayList<>();
      }
      batch.add(element);
    }
    if (filler != null && !batch.isEmpty() && batch.size() < size) {
      environment.budget().reserveItems(size);
      batch.addAll(Collections.nCopies((int) size - batch.size(), filler));
    }
    if (!batch.isEmpty()) {
      batches.add(batch);
    }
    return batches;
  }

  private static Object slice(Environment environment, Object value, Arguments arguments) {
    Arguments.Bound bound = arguments.bind("slice", 1, "slices", "fill_with");
    return new Generator(
        () -> {
          List<Object> values = environment.list(value);
          long count = bound.integer(0, 0);
          if (count == 0) {
            throw new TemplateException("integer division or modulo by zero");
          }
          environment.budget().reserveItems(Math.max(0, count));
          return slices(values, (int) count, bound.get(1)).iterator();
        });
  }

  private static List<Object> slices(List<Object> values, int count, Object filler) {
    List<Object> slices = new ArrayList<>();
    int start = 0;
    for (int i = 0; i < count; i++) {
      boolean hasExtra = i < values.size() % count;
      int end = start + values.size() / count + (hasExtra ? 1 : 0);
      List<Object> slice = new ArrayList<>(values.subList(start, end));
      if (filler != null && !hasExtra) {
        slice.add(filler);
      }
      slices.add(slice);
      start = end;
    }
    return slices;
  }

  private static Object first(Environment environment, Object value, Arguments arguments) {
    arguments.bindNone("first");
    Iterator<Object> values = environment.iterate(value);
    return values.hasNext() ? values.next() : new Undefined("No first item, sequence was empty.");
  }

  private static Object last(Environment environment, Object value, Arguments arguments) {
    arguments.bindNone("last");
    if (value instanceof Generator) {
      throw new TemplateException("'generator' object is not reversible");
    }
    List<Object> values = environment.list(value);
    return values.isEmpty()
        ? new Undefined("No last item, sequence was empty.")
        : values.get(values.size() - 1);
  }

  private static Object list(Environment environment, Object value, Arguments arguments) {
    arguments.bindNone("list");
    return environment.list(value);
  }

  private static Object items(Environment environment, Object value, Arguments arguments) {
    arguments.bindNone("items");
    return new Generator(
        () -> {
          if (value instanceof Undefined) {
            return Collections.emptyIterator();
          }
          if (value instanceof Map<?, ?> map) {
            return DictView.items(map).iterator();
          }
          throw new TemplateException("Can only get item pairs from a mapping.");
        });
  }

  private static Object reverse(Environment environment, Object value, Arguments arguments) {
    arguments.bindNone("reverse");
    if (Values.unwrap(value) instanceof String text) {
      String reversed = PythonText.reverse(text);
      return value instanceof Markup ? new Markup(reversed) : reversed;
    }
    List<Object> reversed = environment.list(value);
    Collections.reverse(reversed);
    return value instanceof Generator ? reversed : new Generator(reversed::iterator);
  }

  private static Object extreme(
      Environment environment, Object value, Arguments arguments, boolean greatest) {
    Arguments.Bound bound =
        arguments.bind(greatest ? "max" : "min", 0, "case_sensitive", "attribute");
    AttributePath path = AttributePath.of(environment, bound.get(1));
    Iterator<Object> values = environment.iterate(value);
    if (!values.hasNext()) {
      return new Undefined("No aggregated item, sequence was empty.");
    }
    Object best = values.next();
    while (values.hasNext()) {
      Object candidate = values.next();
      int order =
          environment
              .comparisons()
              .compare(path.key(candidate, bound.flag(0)), path.key(best, bound.flag(0)));
      best = (greatest ? order > 0 : order < 0) ? candidate : best;
    }
    return best;
  }

  private static Object sort(Environment environment, Object value, Arguments arguments) {
    Arguments.Bound bound = arguments.bind("sort", 0, "reverse", "case_sensitive", "attribute");
    List<AttributePath> paths = new ArrayList<>();
    if (Values.unwrap(bound.get(2)) instanceof String names) {
      for (Object name : PythonText.split(names, ",", -1)) {
        paths.add(AttributePath.of(environment, name));
      }
    } else {
      paths.add(AttributePath.of(environment, bound.get(2)));
    }
    List<Entry> entries = new ArrayList<>();
    for (Object element : environment.list(value)) {
      List<Object> keys = new ArrayList<>();
      paths.forEach(path -> keys.add(path.key(element, bound.flag(1))));
      entries.add(new Entry(keys, element));
    }
    return sorted(environment, entries, bound.flag(0));
  }

  /** An element with what it is sorted by. */
  private record Entry(Object key, Object element) {}

  private static List<Object> sorted(
      Environment environment, List<Entry> entries, boolean descending) {
    Comparator<Entry> order = (a, b) -> environment.comparisons().compare(a.key, b.key);
    entries.sort(descending ? order.reversed() : order);
    List<Object> elements = new ArrayList<>();
    entries.forEach(entry -> elements.add(entry.element));
    return elements;
  }

  private static Object sortDict(Environment environment, Object value, Arguments arguments) {
    Arguments.Bound bound = arguments.bind("dictsort", 0, "case_sensitive", "by", "reverse");
    String by = environment.text(bound.get(1, "key"));
    if (!by.equals("key") && !by.equals("value")) {
      throw new TemplateException("You can only sort by either \"key\" or \"value\"");
    }
    if (!(value instanceof Map<?, ?> map)) {
      throw new TemplateException("dictsort needs a dict, not " + Values.typeName(value));
    }
    List<Entry> entries = new ArrayList<>();
    map.forEach(
        (key, element) -> {
          Object sortedBy = by.equals("key") ? key : element;
          Object folded = AttributePath.fold(sortedBy, bound.flag(0));
          entries.add(new Entry(folded, Tuple.of(key, element)));
        });
    return sorted(environment, entries, bound.flag(2));
  }

  private static Object groupBy(Environment environment, Object value, Arguments arguments) {
    Arguments.Bound bound = arguments.bind("groupby", 1, "attribute", "default", "case_sensitive");
    AttributePath path = AttributePath.of(environment, bound.get(0)).withDefault(bound.get(1));
    List<Entry> entries = new ArrayList<>();
    for (Object element : environment.list(value)) {
      entries.add(new Entry(path.key(element, bound.flag(2)), element));
    }
    List<Object> groups = new ArrayList<>();
    List<Object> members = null;
    Object groupKey = null;
    for (Object element : sorted(environment, entries, false)) {
      Object key = path.key(element, bound.flag(2));
      if (members == null || !environment.comparisons().equal(key, groupKey)) {
        members = new ArrayList<>();
        groupKey = key;
        groups.add(new Group(path.find(element), members));
      }
      members.add(element);
    }
    return groups;
  }
}
