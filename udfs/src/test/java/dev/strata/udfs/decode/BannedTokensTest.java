package dev.strata.udfs.decode;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.strata.udfs.api.BadWords;
import dev.strata.udfs.api.RowException;
import dev.strata.udfs.api.SamplingOptions;
import dev.strata.udfs.api.TokenBans;
import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The rules of transformers' logits processors, whose names the comments give. */
class BannedTokensTest {

  private static final int VOCABULARY = 8;
  private static final Set<Integer> STOP_TOKENS = Set.of(6, 7);
  private static final List<Integer> STOP_TOKENS_OF_ROW = List.of(0, 99);

  /** MinNewTokensLengthLogitsProcessor. */
  @Test
  void noStopTokenBeforeSoManyNewTokens() {
    TokenBans bans = new TokenBans(2, null, null, null, null, null);
    assertThat(banned(bans, 3, 1, 2, 3)).containsExactly(0, 6, 7);
    assertThat(banned(bans, 3, 1, 2, 3, 4)).containsExactly(0, 6, 7);
    assertThat(banned(bans, 3, 1, 2, 3, 4, 5)).isEmpty();
  }

  /** MinLengthLogitsProcessor, whose length is that of prompt and completion. */
  @Test
  void noStopTokenBeforeALength() {
    TokenBans bans = new TokenBans(null, 4, null, null, null, null);
    assertThat(banned(bans, 1, 1, 2, 3)).containsExactly(0, 6, 7);
    assertThat(banned(bans, 1, 1, 2, 3, 4)).isEmpty();
    assertThat(banned(bans, 4, 1, 2, 3, 4)).isEmpty();
  }

  /** As generate() does: min_new_tokens takes min_length's place, if it is 0 as well. */
  @Test
  void newTokensTakeThePlaceOfALength() {
    TokenBans bans = new TokenBans(0, 100, null, null, null, null);
    assertThat(banned(bans, 1, 1)).isEmpty();
    assertThat(bans.isEmpty()).isTrue();
    assertThat(banned(new TokenBans(1, 100, null, null, null, null), 1, 1, 2)).isEmpty();
  }

  /** SuppressTokensLogitsProcessor and SuppressTokensAtBeginLogitsProcessor. */
  @Test
  void suppressedTokens() {
    TokenBans bans = new TokenBans(null, null, null, List.of(1, 99, -1), List.of(2, 8), null);
    assertThat(banned(bans, 2, 3, 3)).containsExactly(1, 2);
    assertThat(banned(bans, 2, 3, 3, 3)).containsExactly(1);
  }

  /** NoRepeatNGramLogitsProcessor, over the prompt and what was generated. */
  @Test
  void noRunOfTokensTwice() {
    assertThat(banned(ngram(3), 4, 1, 2, 3, 1, 2)).containsExactly(3);
    assertThat(banned(ngram(3), 5, 1, 2, 3, 1, 2)).containsExactly(3);
    assertThat(banned(ngram(3), 0, 1, 2, 3, 1, 2, 4, 1, 2)).containsExactly(3, 4);
    assertThat(banned(ngram(2), 0, 5, 5)).containsExactly(5);
    assertThat(banned(ngram(2), 0, 5)).isEmpty();
    assertThat(banned(ngram(1), 0, 5, 2)).containsExactly(2, 5);
    assertThat(banned(ngram(4), 0, 1, 1, 1)).isEmpty();
    assertThat(banned(ngram(5), 0, 1)).isEmpty();
    assertThat(banned(ngram(0), 0, 1, 1, 1)).isEmpty();
  }

  /** NoBadWordsLogitsProcessor: a word's last token, and a stop token alone is no word. */
  @Test
  void badWords() {
    assertThat(banned(words(List.of(List.of(1), List.of(7), List.of(50))), 0, 2))
        .containsExactly(1);
    assertThat(banned(words(List.of(List.of(1, 2, 3))), 1, 9, 1, 2)).containsExactly(3);
    assertThat(banned(words(List.of(List.of(1, 2, 7))), 1, 9, 1, 2)).containsExactly(7);
    assertThat(banned(words(List.of(List.of(1, 2, 3))), 1, 1, 2, 2)).isEmpty();
    assertThat(banned(words(List.of(List.of(1, 2, 3), List.of(2, 3, 4))), 1, 1, 2, 3))
        .containsExactly(4);
    assertThat(banned(words(List.of(List.of(1, 2, 3))), 0, 1, 2))
        .as("transformers wants as many tokens as the word has")
        .isEmpty();
  }

  @Test
  void theBestOfTheOthersIsChosen() {
    TokenBans bans = new TokenBans(null, null, null, List.of(1), null, null);
    Sampler sampler = new Sampler(3, Set.of());
    SamplingOptions penalized = options(bans, 2, 0);
    FloatBuffer logits = FloatBuffer.wrap(new float[] {1, 5, 3});
    assertThat(sampler.sample(logits, options(bans, 1, 0), new int[] {0}, 1, 1, 0, 0)).isEqualTo(2);
    assertThat(sampler.margin()).isEqualTo(2);
    assertThat(sampler.sample(logits, penalized, new int[] {1}, 1, 1, 0, 0))
        .as("a penalty does not bring a banned token back")
        .isEqualTo(2);
    assertThat(
            IntStream.range(0, 200)
                .map(i -> sampler.sample(logits, options(bans, 1, 9), new int[] {0}, 1, 1, 0, i))
                .distinct()
                .sorted())
        .containsExactly(0, 2);
  }

  @Test
  void nothingLeftIsTheRowsError() {
    TokenBans bans = new TokenBans(null, null, null, List.of(0, 1), null, null);
    assertThatThrownBy(() -> greedy(new Sampler(2, Set.of()), bans, new float[2]))
        .isInstanceOf(RowException.class)
        .hasMessageStartingWith("no token is left to choose: the others are banned by ");
  }

  @Test
  void bannedTokensNeedAllLogits() {
    assertThat(options(TokenBans.NONE, 1, 0).needsLogits()).isFalse();
    assertThat(options(words(List.of(List.of(1))), 1, 0).needsLogits()).isTrue();
    assertThat(options(ngram(0), 1, 0).needsLogits()).isFalse();
    assertThat(options(ngram(1), 1, 0).needsLogits()).isTrue();
    assertThat(options(new TokenBans(1, null, null, null, null, null), 1, 0).needsLogits())
        .isTrue();
  }

  /** Against another way to say the same: what would repeat, looked at as it would be then. */
  @Test
  void runsOfManyRandomTexts() {
    Random random = new Random(3);
    for (int round = 0; round < 500; round++) {
      int[] tokens = random.ints(random.nextInt(12), 0, 3).toArray();
      int size = 1 + random.nextInt(4);
      Set<Integer> repeating = new TreeSet<>();
      for (int next = 0; next < 3; next++) {
        List<Integer> then = new java.util.ArrayList<>(Arrays.stream(tokens).boxed().toList());
        then.add(next);
        if (then.size() >= size) {
          List<Integer> newest = then.subList(then.size() - size, then.size());
          if (Collections.indexOfSubList(then, newest) != then.size() - size) {
            repeating.add(next);
          }
        }
      }
      assertThat(banned(ngram(size), 0, tokens))
          .as("%d in %s", size, Arrays.toString(tokens))
          .isEqualTo(repeating);
    }
  }

  /** Against vLLM's _apply_bad_words_single_batch, which has the completion's tokens alone. */
  @Test
  void badWordsOfManyRandomTexts() {
    Random random = new Random(5);
    for (int round = 0; round < 1_000; round++) {
      int[] tokens = random.ints(1 + random.nextInt(8), 0, 3).toArray();
      int promptLength = 1 + random.nextInt(tokens.length);
      List<List<Integer>> words =
          Stream.generate(() -> random.ints(1 + random.nextInt(3), 0, 3).boxed().toList())
              .limit(random.nextInt(4))
              .toList();
      int[] past = Arrays.copyOfRange(tokens, promptLength, tokens.length);
      Set<Integer> expected = new TreeSet<>();
      for (List<Integer> word : words) {
        if (word.size() > past.length + 1) {
          continue;
        }
        int prefixLength = word.size() - 1;
        List<Integer> actualPrefix =
            Arrays.stream(past, past.length - prefixLength, past.length).boxed().toList();
        if (actualPrefix.equals(word.subList(0, prefixLength))) {
          expected.add(word.get(word.size() - 1));
        }
      }
      assertThat(
              banned(TokenBans.NONE.with(new BadWords(List.of("w"), words)), promptLength, tokens))
          .as("%s behind %d of %s", words, promptLength, Arrays.toString(tokens))
          .isEqualTo(expected);
    }
  }

  @Test
  void aStopTokenMayBeABadWord() {
    BadWords words = new BadWords(List.of("</s>"), List.of(List.of(6), List.of(99)));
    assertThat(banned(TokenBans.NONE.with(words), 1, 1)).containsExactly(6);
    assertThat(options(TokenBans.NONE.with(words), 1, 0).needsLogits()).isTrue();
    assertThat(options(TokenBans.NONE.with(BadWords.of(List.of())), 1, 0).needsLogits()).isFalse();
  }

  @Test
  void badWordsAreWords() {
    for (String space : List.of("", " \n\t", "\u00a0\u2003\u0085\u001f")) {
      assertThatThrownBy(() -> BadWords.of(List.of("a", space)))
          .as("'%s'", space)
          .isInstanceOf(RowException.class)
          .hasMessage("bad_words has a word of nothing but spaces; leave it out");
    }
    assertThat(BadWords.of(Collections.nCopies(1_000, "a")).texts()).hasSize(1_000);
    assertThatThrownBy(() -> BadWords.of(Collections.nCopies(1_001, "a")))
        .hasMessage("bad_words has 1,001 words; at most 1,000 are looked for");
    assertThat(BadWords.of(null)).isNull();
  }

  @Test
  void whatIsLaidOverOthers() {
    TokenBans base = new TokenBans(1, 2, 3, List.of(4), List.of(5), List.of(List.of(6)));
    assertThat(TokenBans.NONE.over(base)).isEqualTo(base);
    TokenBans words = base.with(BadWords.of(List.of("a")));
    assertThat(TokenBans.NONE.over(words)).isEqualTo(words);
    TokenBans other =
        new TokenBans(0, 0, 0, List.of(), List.of(), List.of(), BadWords.of(List.of()));
    assertThat(other.over(words)).isEqualTo(other);
    assertThat(other.over(base)).isEqualTo(other);
    assertThat(other.isEmpty()).isTrue();
    assertThatThrownBy(() -> ngram(-1))
        .isInstanceOf(RowException.class)
        .hasMessage("no_repeat_ngram_size is -1; it must be 0 or more");
    assertThatThrownBy(() -> words(List.of(List.of())))
        .hasMessage("bad_words_ids has a word without tokens; each must have one or more");
  }

  private static TokenBans ngram(int size) {
    return new TokenBans(null, null, size, null, null, null);
  }

  private static TokenBans words(List<List<Integer>> words) {
    return new TokenBans(null, null, null, null, null, words);
  }

  private static SamplingOptions options(TokenBans bans, double penalty, double temperature) {
    return new SamplingOptions(
        9, penalty, temperature, 0, 1, 0, List.of(), false, STOP_TOKENS_OF_ROW, bans);
  }

  private static int greedy(Sampler sampler, TokenBans bans, float[] logits) {
    return sampler.sample(FloatBuffer.wrap(logits), options(bans, 1, 0), new int[] {0}, 1, 1, 0, 0);
  }

  private static Set<Integer> banned(TokenBans bans, int promptLength, int... tokens) {
    float[] scores = new float[VOCABULARY];
    new BannedTokens(scores, STOP_TOKENS)
        .apply(options(bans, 1, 0), tokens, promptLength, tokens.length);
    Set<Integer> banned = new TreeSet<>();
    for (int id = 0; id < VOCABULARY; id++) {
      if (scores[id] == Float.NEGATIVE_INFINITY) {
        banned.add(id);
      }
    }
    return banned;
  }
}
