package dev.strata.udfs.page;

import java.util.Locale;
import java.util.StringJoiner;

/** A line of values at even steps, without axes. */
public final class Sparkline {

  private static final int WIDTH = 400;
  private static final int HEIGHT = 60;

  /** Half of the line's width, which is not to be cut at the edges. */
  private static final int EDGE = 2;

  private Sparkline() {}

  /**
   * Draws it from zero up to the largest value.
   *
   * @param what says what it shows, for those who do not see it
   * @param values not negative; what is no number counts as zero
   * @return nothing for fewer than two values
   */
  public static Markup of(String what, double... values) {
    if (values.length < 2) {
      return Markup.nothing();
    }
    double most = 0;
    for (double value : values) {
      most = Math.max(most, size(value));
    }
    StringJoiner line = new StringJoiner(" ");
    for (int i = 0; i < values.length; i++) {
      double x = (double) WIDTH * i / (values.length - 1);
      double part = most == 0 ? 0 : size(values[i]) / most;
      line.add(
          String.format(Locale.ROOT, "%.1f,%.1f", x, HEIGHT - EDGE - part * (HEIGHT - 2 * EDGE)));
    }
    return Element.of(
            "svg",
            Element.of("title", what),
            Element.of("polygon")
                .styled("area")
                .with("points", "0,%d %s %d,%d".formatted(HEIGHT, line, WIDTH, HEIGHT)),
            Element.of("polyline").styled("line").with("points", line.toString()))
        .styled("sparkline")
        .with("viewBox", "0 0 %d %d".formatted(WIDTH, HEIGHT))
        .with("preserveAspectRatio", "none")
        .with("role", "img")
        .with("aria-label", what);
  }

  private static double size(double value) {
    return Double.isFinite(value) && value > 0 ? value : 0;
  }
}
