package dev.strata.udfs.jinja;

import java.util.Iterator;
import java.util.List;
import java.util.function.Function;

/**
 * The variable {@code loop}. It takes values from its iterator one by one and looks ahead only when
 * asked, so that a loop's filter sees what the body has assigned so far.
 */
final class LoopContext implements Invocable {
  private static final Object ABSENT = new Object();

  private final Environment environment;
  private final Object values;
  private final int depth;
  private Iterator<Object> iterator;
  private Function<Object, String> recursion;
  private long index0 = -1;
  private long length = -1;
  private Object previous = ABSENT;
  private Object current = ABSENT;
  private Object ahead = ABSENT;
  private List<Object> lastChanged;

  /**
   * @param values what the iterator runs over if that has a length, otherwise null
   */
  LoopContext(Environment environment, Iterator<Object> iterator, Object values, int depth) {
    this.environment = environment;
    this.iterator = iterator;
    this.values = values;
    this.depth = depth;
  }

  /** Makes the loop recursive. */
  void onCall(Function<Object, String> function) {
    recursion = function;
  }

  boolean advance() {
    Object next = peek();
    if (next == ABSENT) {
      return false;
    }
    ahead = ABSENT;
    index0++;
    previous = current;
    current = next;
    return true;
  }

  Object current() {
    return current;
  }

  private Object peek() {
    if (ahead == ABSENT && iterator.hasNext()) {
      ahead = iterator.next();
    }
    return ahead;
  }

  long length() {
    if (length < 0) {
      length = Values.size(values).orElseGet(this::countRest);
    }
    return length;
  }

  private long countRest() {
    List<Object> rest = environment.list(new Generator(() -> iterator));
    iterator = rest.iterator();
    return rest.size() + index0 + 1 + (ahead == ABSENT ? 0 : 1);
  }

  Object attribute(String name) {
    return switch (name) {
      case "index" -> index0 + 1;
      case "index0" -> index0;
      case "revindex" -> length() - index0;
      case "revindex0" -> length() - index0 - 1;
      case "first" -> index0 == 0;
      case "last" -> peek() == ABSENT;
      case "length" -> length();
      case "depth" -> (long) depth + 1;
      case "depth0" -> (long) depth;
      case "previtem" -> index0 == 0 ? new Undefined("there is no previous item") : previous;
      case "nextitem" -> peek() == ABSENT ? new Undefined("there is no next item") : ahead;
      case "cycle" -> (Invocable) this::cycle;
      case "changed" -> (Invocable) this::changed;
      default -> Undefined.attribute(this, name);
    };
  }

  private Object cycle(Arguments arguments) {
    List<Object> choices = arguments.positional();
    if (choices.isEmpty()) {
      throw new TemplateException("no items for cycling given");
    }
    return choices.get((int) (index0 % choices.size()));
  }

  private Object changed(Arguments arguments) {
    List<Object> now = arguments.positional();
    boolean same = lastChanged != null && environment.comparisons().equal(now, lastChanged);
    lastChanged = now;
    return !same;
  }

  @Override
  public Object invoke(Arguments arguments) {
    Object inner = arguments.bind("loop", 1, "iterable").get(0);
    if (recursion == null) {
      throw new TemplateException(
          "The loop must have the 'recursive' marker to be called recursively.");
    }
    return recursion.apply(inner);
  }

  @Override
  public String toString() {
    return "<LoopContext " + (index0 + 1) + "/" + length() + ">";
  }
}
