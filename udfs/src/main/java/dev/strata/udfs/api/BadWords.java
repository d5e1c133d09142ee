package dev.strata.udfs.api;

import java.io.Serializable;
import java.util.List;

/**
 * Texts that a completion must not have, as vLLM's {@code bad_words}: of the tokens of each the
 * last is not chosen behind the others, where all of these are new.
 *
 * @param texts each with a character that is no space
 * @param tokens the tokens of each way to write them; null until a tokenizer made them
 */
public record BadWords(List<String> texts, List<List<Integer>> tokens) implements Serializable {

  /** Each is looked for at every token. */
  private static final int MOST_WORDS = 1_000;

  public BadWords {
    texts = List.copyOf(texts);
    tokens = tokens == null ? null : tokens.stream().map(List::copyOf).toList();
    if (texts.size() > MOST_WORDS) {
      throw new RowException(
          "bad_words has %,d words; at most %,d are looked for"
              .formatted(texts.size(), MOST_WORDS));
    }
    if (texts.stream().anyMatch(text -> withoutSpaceBefore(text).isEmpty())) {
      throw new RowException("bad_words has a word of nothing but spaces; leave it out");
    }
  }

  /** Words whose tokens are not made yet; null for null. */
  public static BadWords of(List<String> texts) {
    return texts == null ? null : new BadWords(texts, null);
  }

  /** A text without what Python's {@code lstrip} takes off. */
  public static String withoutSpaceBefore(String text) {
    int start = 0;
    while (start < text.length() && isSpace(text.charAt(start))) {
      start++;
    }
    return text.substring(start);
  }

  private static boolean isSpace(char c) {
    return Character.isWhitespace(c) || Character.isSpaceChar(c) || c == '\u0085';
  }

  public boolean isEmpty() {
    return texts.isEmpty();
  }
}
