package dev.strata.udfs.text;

import java.nio.charset.StandardCharsets;
import java.util.List;

/**
 * Finds a row's stop strings while its tokens are generated, on the token that completes one. It
 * decodes only as many of the newest tokens as a stop string can span.
 *
 * <p>A stop string that is the text of a special token is found as that token, although a
 * completion does not show it.
 */
public final class StopStringScanner {

  private static final char REPLACEMENT = '\uFFFD';

  /** The most bytes of a character in UTF-8. */
  private static final int CHARACTER_BYTES = 4;

  private final ModelText text;
  private final List<String> stopStrings;
  private final int longest;

  /** A scanner for one row. */
  public StopStringScanner(ModelText text, List<String> stopStrings) {
    this.text = text;
    this.stopStrings = List.copyOf(stopStrings);
    this.longest = stopStrings.stream().mapToInt(StopStringScanner::bytes).max().orElse(0);
  }

  /**
   * Whether the newest of the generated tokens in {@code [0, count)} completes a stop string. To be
   * asked after every token.
   */
  public boolean stops(int[] generated, int count) {
    if (text.specialToken(generated[count - 1]).filter(stopStrings::contains).isPresent()) {
      return true;
    }
    // A window's own text is not the last word: decoded from the start it may read differently.
    return windowContains(generated, count) && contains(text.decode(generated, 0, count));
  }

  /**
   * Decodes one token more than a stop string can span, because the decoder may drop the space that
   * a window starts with. A window that starts inside a character is begun earlier: decoders that
   * fall back to bytes give up all bytes in a row for one that does not fit.
   */
  private boolean windowContains(int[] generated, int count) {
    for (int more = 1; more <= CHARACTER_BYTES; more++) {
      String window = text.decode(generated, windowStart(generated, count, longest + more), count);
      if (contains(window)) {
        return true;
      }
      if (window.indexOf(REPLACEMENT) < 0) {
        return false;
      }
    }
    return false;
  }

  /** The text before the first stop string in it, all of it if there is none. */
  public static String truncate(String text, List<String> stopStrings) {
    int end = text.length();
    for (String stop : stopStrings) {
      int start = text.indexOf(stop);
      end = start < 0 ? end : Math.min(end, start);
    }
    return text.substring(0, end);
  }

  /** Where the newest tokens begin, special ones not counted: the others have a byte at least. */
  private int windowStart(int[] generated, int count, int tokens) {
    int start = count;
    for (int missing = tokens; start > 0 && missing > 0; start--) {
      if (text.specialToken(generated[start - 1]).isEmpty()) {
        missing--;
      }
    }
    return start;
  }

  private boolean contains(String decoded) {
    return stopStrings.stream().anyMatch(decoded::contains);
  }

  private static int bytes(String stop) {
    return stop.getBytes(StandardCharsets.UTF_8).length;
  }
}
