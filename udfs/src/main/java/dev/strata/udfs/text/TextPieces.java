package dev.strata.udfs.text;

import java.util.ArrayList;
import java.util.List;

/**
 * Texts in pieces that have so many tokens at most. A piece ends behind a space in its second half
 * if there is one, else behind a token; together the pieces are the text.
 */
public final class TextPieces {

  /** A piece, and how many tokens it has by itself. */
  public record Piece(String text, int tokens) {}

  /** Most tokens have fewer chars. */
  private static final int CHARS_OF_TOKEN = 16;

  private TextPieces() {}

  /**
   * The pieces of a text; none of an empty one.
   *
   * @param mostTokens at least 1
   */
  public static List<Piece> of(ModelText text, String own, int mostTokens) {
    int most = (int) Math.min(text.textLimit(), Math.max(64L, (long) mostTokens * CHARS_OF_TOKEN));
    List<Piece> pieces = new ArrayList<>();
    int from = 0;
    while (from < own.length()) {
      String known = own.substring(from, end(own, from, most));
      int[] ends = text.tokenEnds(known);
      boolean isRest = from + known.length() == own.length();
      Piece piece =
          isRest && ends.length <= mostTokens
              ? new Piece(known, ends.length)
              : first(known, ends, mostTokens);
      pieces.add(piece);
      from += piece.text().length();
    }
    return pieces;
  }

  private static int end(String own, int from, int most) {
    int end = Math.min(own.length(), from + most);
    return isSplit(own, end) ? end - 1 : end;
  }

  private static boolean isSplit(String own, int end) {
    return end < own.length() && end > 0 && Character.isHighSurrogate(own.charAt(end - 1));
  }

  /** The longest beginning with so few tokens, and a char at least. */
  private static Piece first(String known, int[] ends, int mostTokens) {
    int tokens = Math.min(mostTokens, ends.length);
    while (tokens > 0 && tokens < ends.length && ends[tokens - 1] == ends[tokens]) {
      tokens--; // tokens that share a character stay together
    }
    int end = tokens == 0 ? 0 : ends[tokens - 1];
    if (end == 0) {
      return new Piece(known.substring(0, known.offsetByCodePoints(0, 1)), Math.max(1, tokens));
    }
    int space = known.lastIndexOf(' ', end - 1);
    return new Piece(known.substring(0, space > end / 2 ? space + 1 : end), tokens);
  }
}
