package dev.strata.udfs.page;

import java.util.ArrayList;
import java.util.List;

/** Names and what they stand for, one below another. */
public final class Facts {

  private final List<Markup> lines = new ArrayList<>();

  /** Adds a fact. */
  public Facts add(String name, Markup... values) {
    lines.add(Element.of("dt", name));
    lines.add(Element.of("dd", values));
    return this;
  }

  /** Adds a fact that is a text. */
  public Facts add(String name, String value) {
    return add(name, Markup.text(value));
  }

  public boolean isEmpty() {
    return lines.isEmpty();
  }

  /** The list. */
  public Markup markup() {
    return Element.of("dl", lines.toArray(Markup[]::new)).styled("facts");
  }
}
