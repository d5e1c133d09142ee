package dev.strata.udfs.decode;

import dev.strata.udfs.api.SamplingOptions;
import dev.strata.udfs.api.TokenBans;
import java.util.Arrays;
import java.util.List;
import java.util.Set;

/**
 * Gives the tokens that a row's {@link TokenBans} rule out a score of minus infinity, as Hugging
 * Face transformers' logits processors do, and vLLM's for {@code bad_words}.
 */
final class BannedTokens {

  private final float[] scores; // [vocab], shared with the sampler
  private final Set<Integer> stopTokens;

  BannedTokens(float[] scores, Set<Integer> stopTokens) {
    this.scores = scores;
    this.stopTokens = Set.copyOf(stopTokens);
  }

  /**
   * Bans what the next token must not be.
   *
   * @param options the row's, with its bans
   * @param tokens prompt and completion, in {@code [0, count)}
   */
  void apply(SamplingOptions options, int[] tokens, int promptLength, int count) {
    TokenBans bans = options.bans();
    if (isTooShort(bans, count - promptLength, count)) {
      stopTokens.forEach(this::ban);
      options.stopTokenIds().forEach(this::ban);
    }
    banAll(bans.suppressTokens());
    if (count == promptLength) {
      banAll(bans.beginSuppressTokens());
    }
    if (bans.noRepeatNgramSize() != null && bans.noRepeatNgramSize() > 0) {
      banRepeats(bans.noRepeatNgramSize(), tokens, count);
    }
    if (bans.badWordsIds() != null) {
      bans.badWordsIds().forEach(word -> banEnd(word, tokens, count));
    }
    if (bans.badWords() != null) {
      bans.badWords().tokens().forEach(word -> banNewEnd(word, tokens, promptLength, count));
    }
  }

  private static boolean isTooShort(TokenBans bans, int newTokens, int count) {
    if (bans.minNewTokens() != null) {
      return newTokens < bans.minNewTokens();
    }
    return bans.minLength() != null && count < bans.minLength();
  }

  /** NoRepeatNGramLogitsProcessor: what followed the newest {@code size - 1} tokens before. */
  private void banRepeats(int size, int[] tokens, int count) {
    int newest = count - (size - 1);
    for (int start = 0; start <= count - size; start++) {
      int end = start + size - 1;
      if (Arrays.equals(tokens, start, end, tokens, newest, count)) {
        ban(tokens[end]);
      }
    }
  }

  /** NoBadWordsLogitsProcessor, which wants as many tokens before the last as the word has. */
  private void banEnd(List<Integer> word, int[] tokens, int count) {
    int before = word.size() - 1;
    if (before == 0) {
      if (!stopTokens.contains(word.get(0))) {
        ban(word.get(0));
      }
    } else if (word.size() <= count && endsWith(word, before, tokens, count)) {
      ban(word.get(before));
    }
  }

  /** Of vLLM, for which what stands before the last token is new as well. */
  private void banNewEnd(List<Integer> word, int[] tokens, int promptLength, int count) {
    int before = word.size() - 1;
    if (before <= count - promptLength && endsWith(word, before, tokens, count)) {
      ban(word.get(before));
    }
  }

  private static boolean endsWith(List<Integer> word, int before, int[] tokens, int count) {
    for (int i = 0; i < before; i++) {
      if (word.get(i) != tokens[count - before + i]) {
        return false;
      }
    }
    return true;
  }

  private void banAll(List<Integer> ids) {
    if (ids != null) {
      ids.forEach(this::ban);
    }
  }

  private void ban(int id) {
    if (id >= 0 && id < scores.length) {
      scores[id] = Float.NEGATIVE_INFINITY;
    }
  }
}
