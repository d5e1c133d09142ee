package dev.strata.udfs.jinja;

import java.util.AbstractCollection;
import java.util.Iterator;
import java.util.Map;
import java.util.function.Function;

/** What the methods {@code keys}, {@code values} and {@code items} of a dict return. */
final class DictView extends AbstractCollection<Object> {
  private final String typeName;
  private final Map<?, ?> map;
  private final Function<Map.Entry<?, ?>, Object> part;

  private DictView(String typeName, Map<?, ?> map, Function<Map.Entry<?, ?>, Object> part) {
    this.typeName = typeName;
    this.map = map;
    this.part = part;
  }

  static DictView keys(Map<?, ?> map) {
    return new DictView("dict_keys", map, Map.Entry::getKey);
  }

  static DictView values(Map<?, ?> map) {
    return new DictView("dict_values", map, Map.Entry::getValue);
  }

  static DictView items(Map<?, ?> map) {
    return new DictView("dict_items", map, entry -> Tuple.of(entry.getKey(), entry.getValue()));
  }

  String typeName() {
    return typeName;
  }

  @Override
  public Iterator<Object> iterator() {
    return map.entrySet().stream().map(part).iterator();
  }

  @Override
  public int size() {
    return map.size();
  }
}
