package dev.strata.udfs.text;

import dev.strata.udfs.api.RowException;
import java.util.HashMap;
import java.util.Map;
import java.util.function.Function;
import java.util.function.UnaryOperator;

/**
 * Cuts the ends of one row's own texts until its prompt has a given number of tokens. All texts get
 * the same number of tokens at most, so the longest are cut first and short ones stay whole. What
 * templates add is never cut, and a text ends where one of its tokens does.
 */
public final class PromptFit {

  /** The most bytes, and so the most tokens, of one char. */
  private static final int CHAR_BYTES = 3;

  private final ModelText text;
  private final int limit;
  private final Map<String, int[]> tokenEnds = new HashMap<>();
  private int longTexts;

  private PromptFit(ModelText text, int limit) {
    this.text = text;
    this.limit = limit;
  }

  /**
   * The tokens of a prompt that has {@code limit} of them at most.
   *
   * @param prompt the prompt's tokens, given what to do to each of the row's own texts
   * @throws RowException if the prompt is longer without any text of the row's own
   */
  public static int[] tokens(
      ModelText text, int limit, Function<UnaryOperator<String>, int[]> prompt) {
    return new PromptFit(text, limit).tokens(prompt);
  }

  /** Whether a text may have as many tokens as a prompt may, so that it may have to be cut. */
  public static boolean mayCut(String own, int limit) {
    return (long) own.length() * CHAR_BYTES >= limit;
  }

  private int[] tokens(Function<UnaryOperator<String>, int[]> prompt) {
    int length = 0;
    for (int kept = limit; kept > 0; kept -= excessOfEach(length)) {
      int most = kept;
      longTexts = 0;
      int[] tokens = prompt.apply(own -> cut(own, most));
      length = tokens.length;
      if (length <= limit) {
        return tokens;
      }
    }
    throw new RowException(
        "the prompt cannot be cut to "
            + limit
            + " tokens, which is what the new tokens leave of the model's context");
  }

  private int excessOfEach(int length) {
    int texts = Math.max(1, longTexts);
    return (length - limit + texts - 1) / texts;
  }

  private String cut(String own, int kept) {
    if (!mayCut(own, kept)) {
      return own;
    }
    String known = knownPart(own);
    int[] ends = tokenEnds.computeIfAbsent(known, text::tokenEnds);
    if (ends.length < kept) {
      return known;
    }
    longTexts++;
    return ends.length == kept ? known : known.substring(0, boundary(ends, kept));
  }

  /** What the tokenizer can be given of a text, whose end is cut in any case. */
  private String knownPart(String own) {
    int most = text.textLimit();
    if (own.length() <= most) {
      return own;
    }
    return own.substring(0, Character.isHighSurrogate(own.charAt(most - 1)) ? most - 1 : most);
  }

  /** The end of the last token that fits and does not share a character with the next. */
  private static int boundary(int[] ends, int kept) {
    int last = kept;
    while (last > 0 && ends[last - 1] == ends[last]) {
      last--;
    }
    return last == 0 ? 0 : ends[last - 1];
  }
}
