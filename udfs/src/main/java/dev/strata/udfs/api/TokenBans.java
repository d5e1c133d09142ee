package dev.strata.udfs.api;

import java.io.Serializable;
import java.util.List;

/**
 * Tokens that are not chosen, by the names and rules of Hugging Face transformers' logits
 * processors. A component that is null bans nothing, and leaves the value below it in force where
 * options lie over others. Ids outside of the vocabulary are ignored.
 *
 * @param minNewTokens no stop token before so many tokens are generated; it takes the place of
 *     {@code minLength}
 * @param minLength no stop token before prompt and completion have so many tokens together
 * @param noRepeatNgramSize no run of so many tokens occurs twice in prompt and completion; 0 for no
 *     limit
 * @param suppressTokens never chosen
 * @param beginSuppressTokens not chosen as the first token
 * @param badWordsIds sequences of tokens whose last is not chosen behind the others; a stop token
 *     alone is none
 * @param badWords texts that do not occur in the completion
 */
public record TokenBans(
    Integer minNewTokens,
    Integer minLength,
    Integer noRepeatNgramSize,
    List<Integer> suppressTokens,
    List<Integer> beginSuppressTokens,
    List<List<Integer>> badWordsIds,
    BadWords badWords)
    implements Serializable {

  /** Bans nothing. */
  public static final TokenBans NONE = new TokenBans(null, null, null, null, null, null);

  public TokenBans {
    requireNotNegative("min_new_tokens", minNewTokens);
    requireNotNegative("min_length", minLength);
    requireNotNegative("no_repeat_ngram_size", noRepeatNgramSize);
    suppressTokens = suppressTokens == null ? null : List.copyOf(suppressTokens);
    beginSuppressTokens = beginSuppressTokens == null ? null : List.copyOf(beginSuppressTokens);
    badWordsIds = badWordsIds == null ? null : badWordsIds.stream().map(List::copyOf).toList();
    if (badWordsIds != null && badWordsIds.stream().anyMatch(List::isEmpty)) {
      throw new RowException("bad_words_ids has a word without tokens; each must have one or more");
    }
  }

  /** Bans without texts. */
  public TokenBans(
      Integer minNewTokens,
      Integer minLength,
      Integer noRepeatNgramSize,
      List<Integer> suppressTokens,
      List<Integer> beginSuppressTokens,
      List<List<Integer>> badWordsIds) {
    this(
        minNewTokens,
        minLength,
        noRepeatNgramSize,
        suppressTokens,
        beginSuppressTokens,
        badWordsIds,
        null);
  }

  /** These with other texts. */
  public TokenBans with(BadWords words) {
    return new TokenBans(
        minNewTokens,
        minLength,
        noRepeatNgramSize,
        suppressTokens,
        beginSuppressTokens,
        badWordsIds,
        words);
  }

  private static void requireNotNegative(String name, Integer value) {
    if (value != null && value < 0) {
      throw new RowException(name + " is " + value + "; it must be 0 or more");
    }
  }

  /** These laid over others. */
  public TokenBans over(TokenBans base) {
    return new TokenBans(
        orElse(minNewTokens, base.minNewTokens),
        orElse(minLength, base.minLength),
        orElse(noRepeatNgramSize, base.noRepeatNgramSize),
        orElse(suppressTokens, base.suppressTokens),
        orElse(beginSuppressTokens, base.beginSuppressTokens),
        orElse(badWordsIds, base.badWordsIds),
        orElse(badWords, base.badWords));
  }

  private static <T> T orElse(T value, T otherwise) {
    return value != null ? value : otherwise;
  }

  /** Whether every token may be chosen at any time. */
  public boolean isEmpty() {
    return isZero(minNewTokens)
        && (minNewTokens != null || isZero(minLength))
        && isZero(noRepeatNgramSize)
        && isEmpty(suppressTokens)
        && isEmpty(beginSuppressTokens)
        && isEmpty(badWordsIds)
        && (badWords == null || badWords.isEmpty());
  }

  private static boolean isZero(Integer number) {
    return number == null || number == 0;
  }

  private static boolean isEmpty(List<?> list) {
    return list == null || list.isEmpty();
  }
}
