package dev.strata.udfs.jinja;

import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.function.Supplier;

/**
 * Python's generator, which filters such as {@code map} and {@code select} return: it makes its
 * values when they are asked for, can be run through once, has no length and is always true.
 */
final class Generator implements Iterator<Object> {
  private final Supplier<Iterator<Object>> source;
  private Iterator<Object> values;

  Generator(Supplier<Iterator<Object>> source) {
    this.source = source;
  }

  static Iterator<Object> map(Iterator<?> values, Function<Object, Object> function) {
    return new Iterator<>() {
      @Override
      public boolean hasNext() {
        return values.hasNext();
      }

      @Override
      public Object next() {
        return function.apply(values.next());
      }
    };
  }

  static Iterator<Object> filter(Iterator<Object> values, Predicate<Object> predicate) {
    return new Iterator<>() {
      private Object next;
      private boolean found;

      @Override
      public boolean hasNext() {
        while (!found && values.hasNext()) {
          next = values.next();
          found = predicate.test(next);
        }
        return found;
      }

      @Override
      public Object next() {
        if (!hasNext()) {
          throw new NoSuchElementException();
        }
        found = false;
        return next;
      }
    };
  }

  private Iterator<Object> values() {
    if (values == null) {
      values = source.get();
    }
    return values;
  }

  @Override
  public boolean hasNext() {
    return values().hasNext();
  }

  @Override
  public Object next() {
    return values().next();
  }
}
