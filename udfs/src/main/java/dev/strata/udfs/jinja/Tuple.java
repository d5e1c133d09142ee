package dev.strata.udfs.jinja;

import java.util.AbstractList;
import java.util.Arrays;
import java.util.List;

/** Python's tuple: a list that differs from an equal list, and that prints with parentheses. */
class Tuple extends AbstractList<Object> {
  private final List<Object> elements;

  Tuple(List<Object> elements) {
    this.elements = elements;
  }

  static Tuple of(Object first, Object second) {
    return new Tuple(Arrays.asList(first, second));
  }

  @Override
  public Object get(int index) {
    return elements.get(index);
  }

  @Override
  public int size() {
    return elements.size();
  }

  /** Java's maps ask for it, and a tuple may hold itself many times over. */
  @Override
  public int hashCode() {
    Budget.report(1);
    return elements.hashCode();
  }

  @Override
  public boolean equals(Object other) {
    Budget.report(1);
    return other instanceof Tuple tuple && elements.equals(tuple.elements);
  }
}
