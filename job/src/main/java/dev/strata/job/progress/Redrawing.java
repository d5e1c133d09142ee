package dev.strata.job.progress;

import java.util.List;

/** Lines that are rewritten in place on a terminal, however many they were before. */
final class Redrawing {

  private static final String ERASE_REST = "\033[K";
  private static final String ERASE_BELOW = "\033[J";

  private int drawn = 1;

  /**
   * What a terminal has to be sent. New text first and the rest of the old erased after it: no
   * moment is blank.
   *
   * @param lines at least one, none longer than the terminal is wide
   */
  String of(List<String> lines) {
    String text = begin() + String.join(ERASE_REST + "\n", lines) + ERASE_REST + ERASE_BELOW;
    drawn = lines.size();
    return text;
  }

  /** What leaves the place of all lines blank for what comes next. */
  String end() {
    String text = begin() + ERASE_BELOW;
    drawn = 1;
    return text;
  }

  private String begin() {
    return drawn > 1 ? "\r\033[" + (drawn - 1) + "A" : "\r";
  }
}
