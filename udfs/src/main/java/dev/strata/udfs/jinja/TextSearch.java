package dev.strata.udfs.jinja;

/**
 * Finds a part in texts, from the left or from the right, in time proportional to both (Knuth,
 * Morris and Pratt), where Java's own search may take their product.
 */
final class TextSearch {
  /** Java's own search is fast, and the product small, for parts up to this long. */
  private static final int SHORT = 16;

  private final String part;
  private final boolean fromLeft;
  private final int[] fallback;

  private TextSearch(String part, boolean fromLeft) {
    this.part = part;
    this.fromLeft = fromLeft;
    this.fallback = part.length() > SHORT ? fallback() : null;
  }

  static TextSearch fromLeft(String part) {
    return new TextSearch(part, true);
  }

  static TextSearch fromRight(String part) {
    return new TextSearch(part, false);
  }

  /** For each length of a matched start, the longest shorter start that is matched as well. */
  private int[] fallback() {
    Budget.report(part.length());
    int[] lengths = new int[part.length() + 1];
    int length = 0;
    for (int i = 1; i < part.length(); i++) {
      length = extended(length, at(part, i), lengths);
      lengths[i + 1] = length;
    }
    return lengths;
  }

  private int extended(int matched, char next, int[] lengths) {
    int length = matched;
    while (length > 0 && at(part, length) != next) {
      length = lengths[length];
    }
    return at(part, length) == next ? length + 1 : length;
  }

  private char at(String text, int index) {
    return text.charAt(fromLeft ? index : text.length() - 1 - index);
  }

  /**
   * The next place of the part.
   *
   * @param edge where to begin: from the left the least start, from the right the greatest end
   * @return the start of the part, -1 if there is none
   */
  int find(String text, int edge) {
    int found = fallback == null ? findShort(text, edge) : findLong(text, edge);
    long looked = fromLeft ? (found < 0 ? text.length() : found) - edge : edge - Math.max(0, found);
    Budget.report(1 + looked);
    return found;
  }

  private int findShort(String text, int edge) {
    if (fromLeft) {
      return text.indexOf(part, edge);
    }
    return edge < part.length() ? -1 : text.lastIndexOf(part, edge - part.length());
  }

  private int findLong(String text, int edge) {
    int skipped = fromLeft ? edge : text.length() - edge;
    int length = 0;
    for (int i = skipped; i < text.length(); i++) {
      length = extended(length, at(text, i), fallback);
      if (length == part.length()) {
        return fromLeft ? i + 1 - length : text.length() - 1 - i;
      }
    }
    return -1;
  }
}
