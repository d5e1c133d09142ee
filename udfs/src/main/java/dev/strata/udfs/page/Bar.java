package dev.strata.udfs.page;

import java.util.List;
import java.util.Locale;

/** Bars: a part of a limit, or the parts of a whole. What they show they also say. */
public final class Bar {

  /** Of both sides, what a bar's drawing is measured in. */
  private static final int WHOLE = 100;

  private static final int HEIGHT = 10;

  /** A part's colour. */
  public enum Colour {
    /** The matter itself. */
    MAIN,
    /** Waiting for a disk. */
    DISK,
    /** Waiting for a copy to the device. */
    COPY,
    /** Computing. */
    COMPUTE,
    /** What is left. */
    REST,
    /** What should not be. */
    BAD;

    private String style() {
      return "fill-" + name().toLowerCase(Locale.ROOT);
    }
  }

  /**
   * A part of a whole.
   *
   * @param size in any unit that the other parts are in
   * @param text the size as people read it
   */
  public record Part(String name, double size, String text, Colour colour) {}

  private Bar() {}

  /**
   * How much of a limit is used.
   *
   * @param what such as {@code memory of executor 1: 3.1 of 4.0 GB}
   * @param part of 1; a larger one fills the bar, and shows as what should not be
   */
  public static Markup ofLimit(String what, double part) {
    boolean isOver = part > 1;
    double shown = Double.isFinite(part) ? Math.max(0, Math.min(1, part)) : 0;
    Colour colour = isOver ? Colour.BAD : Colour.MAIN;
    return drawing(what).add(piece(0, WHOLE, Colour.REST), piece(0, WHOLE * shown, colour));
  }

  /** The parts of a whole beside each other, with their names and sizes below. */
  public static Markup ofParts(String what, List<Part> parts) {
    double all = parts.stream().mapToDouble(Part::size).sum();
    if (!(all > 0)) {
      return Markup.nothing();
    }
    Element bar = drawing(what);
    Element legend = Element.of("ul").styled("legend");
    double from = 0;
    for (Part part : parts) {
      double width = WHOLE * part.size() / all;
      bar = bar.add(piece(from, width, part.colour()));
      from += width;
      legend = legend.add(line(part, part.size() / all));
    }
    return Markup.of(bar, legend);
  }

  private static Element line(Part part, double share) {
    Element swatch =
        Element.of("svg", piece(0, WHOLE, part.colour()))
            .styled("swatch")
            .with("viewBox", "0 0 100 10")
            .with("preserveAspectRatio", "none")
            .with("aria-hidden", "true");
    String text =
        String.format(Locale.ROOT, "%s %s (%.0f %%)", part.name(), part.text(), 100 * share);
    return Element.of("li", swatch, Markup.text(text));
  }

  private static Element drawing(String what) {
    return Element.of("svg", Element.of("title", what))
        .styled("bar")
        .with("viewBox", "0 0 %d %d".formatted(WHOLE, HEIGHT))
        .with("preserveAspectRatio", "none")
        .with("role", "img")
        .with("aria-label", what);
  }

  private static Element piece(double from, double width, Colour colour) {
    return Element.of("rect")
        .styled(colour.style())
        .with("x", number(from))
        .with("width", number(width))
        .with("height", Integer.toString(HEIGHT));
  }

  private static String number(double value) {
    return String.format(Locale.ROOT, "%.2f", value);
  }
}
