package dev.strata.udfs.jinja;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** The methods of lists, tuples and dicts. */
final class CollectionMethods {
  private static final Set<String> LIST_MUTATORS =
      Set.of("append", "clear", "extend", "insert", "pop", "remove", "reverse", "sort");
  private static final Set<String> DICT_MUTATORS =
      Set.of("clear", "pop", "popitem", "setdefault", "update");

  private final Environment environment;

  CollectionMethods(Environment environment) {
    this.environment = environment;
  }

  Object attribute(Object collection, String name) {
    if (collection instanceof Map<?, ?> map) {
      return dictAttribute(map, name);
    }
    List<?> list = (List<?>) collection;
    boolean isTuple = collection instanceof Tuple;
    if (!isTuple && LIST_MUTATORS.contains(name)) {
      return Undefined.unsafe(collection, name);
    }
    if (list instanceof Group group && Group.NAMES.contains(name)) {
      return group.attribute(name);
    }
    return switch (name) {
      case "index" -> (Invocable) arguments -> index(list, arguments);
      case "count" -> (Invocable) arguments -> count(list, arguments);
      case "copy" ->
          isTuple
              ? Undefined.attribute(list, name)
              : (Invocable) arguments -> copy(list, arguments);
      default -> Undefined.attribute(list, name);
    };
  }

  private Object dictAttribute(Map<?, ?> map, String name) {
    if (DICT_MUTATORS.contains(name)) {
      return Undefined.unsafe(map, name);
    }
    return switch (name) {
      case "get" -> (Invocable) arguments -> get(map, arguments);
      case "keys" -> view(name, DictView.keys(map));
      case "values" -> view(name, DictView.values(map));
      case "items" -> view(name, DictView.items(map));
      case "copy" -> (Invocable) arguments -> copy(map, arguments);
      default -> Undefined.attribute(map, name);
    };
  }

  private static Invocable view(String name, DictView view) {
    return arguments -> {
      arguments.bindNone(name);
      return view;
    };
  }

  private static Object get(Map<?, ?> map, Arguments arguments) {
    Arguments.Bound bound = arguments.bind("get", 1, "/key", "/default");
    Object key = Values.requireKey(bound.get(0));
    return Values.containsKey(map, key) ? Values.get(map, key) : bound.get(1);
  }

  private Object copy(Map<?, ?> map, Arguments arguments) {
    arguments.bindNone("copy");
    environment.budget().reserveItems(map.size());
    return new LinkedHashMap<>(map);
  }

  private Object copy(List<?> list, Arguments arguments) {
    arguments.bindNone("copy");
    environment.budget().reserveItems(list.size());
    return new ArrayList<>(list);
  }

  private Object index(List<?> list, Arguments arguments) {
    Arguments.Bound bound = arguments.bind("index", 1, "/value", "/start", "/stop");
    SliceBounds bounds = new SliceBounds(bound.get(1), bound.get(2), null);
    return bounds
        .indices(list.size())
        .positions()
        .filter(position -> environment.comparisons().equal(list.get(position), bound.get(0)))
        .mapToObj(position -> (Object) (long) position)
        .findFirst()
        .orElseThrow(
            () ->
                new TemplateException(
                    environment.representation(bound.get(0)) + " is not in list"));
  }

  private Object count(List<?> list, Arguments arguments) {
    Object value = arguments.bind("count", 1, "/value").get(0);
    return list.stream().filter(element -> environment.comparisons().equal(element, value)).count();
  }
}
