package dev.strata.udfs.jinja;

import java.util.List;

/**
 * What the global {@code cycler} returns: its items in turn, from the start again after the last.
 */
final class Cycler {
  private final List<Object> items;
  private int position;

  Cycler(List<Object> items) {
    if (items.isEmpty()) {
      throw new TemplateException("at least one item has to be provided");
    }
    this.items = items;
  }

  Object attribute(String name) {
    return switch (name) {
      case "items" -> new Tuple(items);
      case "pos" -> (long) position;
      case "current" -> items.get(position);
      case "next" -> (Invocable) this::next;
      case "reset" -> (Invocable) this::reset;
      default -> Undefined.attribute(this, name);
    };
  }

  private Object next(Arguments arguments) {
    arguments.bindNone("next");
    Object item = items.get(position);
    position = (position + 1) % items.size();
    return item;
  }

  private Object reset(Arguments arguments) {
    arguments.bindNone("reset");
    position = 0;
    return null;
  }
}
