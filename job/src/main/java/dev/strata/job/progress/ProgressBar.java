package dev.strata.job.progress;

/** A bar of characters that every terminal has. */
final class ProgressBar {

  private ProgressBar() {}

  /**
   * Draws it.
   *
   * @param part of 1 that is done
   * @param width characters between its ends
   */
  static String of(double part, int width) {
    int done = (int) Math.max(0, Math.min(width, Math.floor(part * width)));
    String head = done == width ? "" : ">";
    return "[" + "=".repeat(done) + head + " ".repeat(width - done - head.length()) + "]";
  }
}
