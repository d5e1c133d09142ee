package dev.strata.udfs.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.strata.udfs.api.BadWords;
import dev.strata.udfs.api.SamplingOptions;
import dev.strata.udfs.api.TokenBans;
import dev.strata.udfs.decode.StopCondition;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.IntFunction;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Banned tokens in a wave, beside rows that have none. */
@Timeout(120)
class GenerationBansTest {

  private static final int NEW_TOKENS = 24;
  private static final List<int[]> PROMPTS = TestEngines.prompts(7, 6, 3, 12);

  private static Engine engine;

  /** Rows without bans; they stop where the model wants to. */
  private static List<List<Integer>> free;

  @BeforeAll
  static void start() {
    engine = Engine.start(TestEngines.options(TestEngines.demoModel()).build());
    free = texts(TokenBans.NONE);
  }

  @AfterAll
  static void close() {
    engine.close();
  }

  @Test
  void theModelStopsSomewhere() {
    assertThat(free).anyMatch(text -> text.size() < NEW_TOKENS);
  }

  @Test
  void noStopTokenBeforeTheLeastNumberOfTokens() {
    Set<Integer> stopTokens = engine.checkpoint().generation().stopTokens();
    List<List<Integer>> texts = texts(new TokenBans(15, null, null, null, null, null));
    for (int i = 0; i < texts.size(); i++) {
      assertThat(texts.get(i)).hasSizeGreaterThan(15);
      assertThat(texts.get(i).subList(0, 15)).doesNotContainAnyElementsOf(stopTokens);
      if (free.get(i).size() > 15) {
        assertThat(texts.get(i)).isEqualTo(free.get(i));
      }
    }
  }

  @Test
  void aRowThatIsLongEnoughStopsWhereItWants() {
    List<List<Integer>> texts = texts(new TokenBans(1, null, null, null, null, null));
    for (int i = 0; i < texts.size(); i++) {
      if (!free.get(i).isEmpty()) {
        assertThat(texts.get(i)).isEqualTo(free.get(i));
      }
    }
  }

  @Test
  void suppressedTokensNeverComeOrNotFirst() {
    IntFunction<List<Integer>> firsts = i -> List.of(free.get(i).get(0));
    List<List<Integer>> never =
        texts(i -> new TokenBans(null, null, null, firsts.apply(i), null, null));
    List<List<Integer>> notFirst =
        texts(i -> new TokenBans(null, null, null, null, firsts.apply(i), null));
    for (int i = 0; i < PROMPTS.size(); i++) {
      assertThat(never.get(i)).isNotEmpty().doesNotContain(free.get(i).get(0));
      assertThat(notFirst.get(i).get(0)).isEqualTo(never.get(i).get(0));
    }
  }

  @Test
  void noPairOfTokensTwice() {
    List<List<Integer>> texts = texts(new TokenBans(NEW_TOKENS, null, 2, null, null, null));
    for (int i = 0; i < texts.size(); i++) {
      List<Integer> all = new ArrayList<>(IntStream.of(PROMPTS.get(i)).boxed().toList());
      int promptPairs = all.size() - 1;
      all.addAll(texts.get(i));
      Set<List<Integer>> pairs = new HashSet<>();
      for (int at = 0; at + 1 < all.size(); at++) {
        assertThat(pairs.add(all.subList(at, at + 2))).isEqualTo(true);
        assertThat(at).isLessThan(promptPairs + NEW_TOKENS);
      }
    }
  }

  @Test
  void theEndOfABadWordDoesNotCome() {
    List<Integer> text = free.stream().filter(t -> t.size() > 3).findFirst().orElseThrow();
    List<Integer> word = text.subList(0, 3);
    List<Integer> changed =
        texts(new TokenBans(null, null, null, null, null, List.of(word))).get(free.indexOf(text));
    assertThat(changed.subList(0, 2)).isEqualTo(text.subList(0, 2));
    assertThat(changed.get(2)).isNotEqualTo(text.get(2));
  }

  /** A word that begins in the prompt is none. */
  @Test
  void wordsAreLookedForInTheCompletion() {
    List<Integer> text = free.stream().filter(t -> t.size() > 3).findFirst().orElseThrow();
    int row = free.indexOf(text);
    int[] prompt = PROMPTS.get(row);
    List<Integer> across = List.of(prompt[prompt.length - 1], text.get(0));
    assertThat(texts(word(across)).get(row)).isEqualTo(text);
    List<Integer> changed = texts(word(text.subList(0, 3))).get(row);
    assertThat(changed.subList(0, 2)).isEqualTo(text.subList(0, 2));
    assertThat(changed.get(2)).isNotEqualTo(text.get(2));
  }

  private static TokenBans word(List<Integer> tokens) {
    return TokenBans.NONE.with(new BadWords(List.of("a word"), List.of(tokens)));
  }

  private static List<List<Integer>> texts(TokenBans bans) {
    return texts(i -> bans);
  }

  /** All prompts, each with bans of its own. */
  private static List<List<Integer>> texts(IntFunction<TokenBans> bans) {
    StopCondition stop = StopCondition.tokens(engine.checkpoint().generation().stopTokens());
    List<RowRequest> requests = new ArrayList<>();
    for (int[] prompt : PROMPTS) {
      SamplingOptions own =
          new SamplingOptions(
              NEW_TOKENS, 1, 0, 0, 1, 0, List.of(), false, List.of(), bans.apply(requests.size()));
      requests.add(new RowRequest(requests.size(), PromptTokens.of(prompt), own, 0, stop));
    }
    return TestEngines.run(engine, requests).stream()
        .map(result -> IntStream.of(result.tokens()).boxed().toList())
        .toList();
  }
}
