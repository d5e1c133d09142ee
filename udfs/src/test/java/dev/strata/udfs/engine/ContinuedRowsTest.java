package dev.strata.udfs.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.strata.udfs.api.SamplingOptions;
import dev.strata.udfs.api.TokenBans;
import dev.strata.udfs.decode.StopCondition;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Rows that an earlier engine had begun: what is generated is what it would have gone on with. */
@Timeout(120)
class ContinuedRowsTest {

  private static final int NEW_TOKENS = 20;
  private static final List<int[]> PROMPTS = TestEngines.prompts(11, 8, 3, 20);

  private static Engine engine;

  @BeforeAll
  static void start() {
    engine = Engine.start(TestEngines.options(TestEngines.demoModel()).build());
  }

  @AfterAll
  static void close() {
    engine.close();
  }

  static Stream<SamplingOptions> samplings() {
    SamplingOptions greedy = SamplingOptions.greedy(NEW_TOKENS);
    TokenBans bans = new TokenBans(NEW_TOKENS / 2, 3, null, null, null, null);
    return Stream.of(
        greedy,
        new SamplingOptions(
            NEW_TOKENS, 1, 0.9, 40, 0.95, 0, List.of(), false, List.of(), TokenBans.NONE),
        new SamplingOptions(NEW_TOKENS, 1.2, 0, 0, 1, 0, List.of(), false, List.of(), bans));
  }

  @ParameterizedTest
  @MethodSource("samplings")
  void aBegunRowEndsAsItWouldHave(SamplingOptions sampling) {
    List<RowResult> whole = run(sampling, i -> new int[0]);
    for (int begun : new int[] {1, 7, NEW_TOKENS - 1}) {
      List<RowResult> rest =
          run(
              sampling,
              i -> {
                int[] tokens = whole.get(i).tokens();
                return Arrays.copyOf(tokens, Math.min(begun, tokens.length - 1));
              });
      for (int i = 0; i < PROMPTS.size(); i++) {
        assertThat(rest.get(i).tokens()).containsExactly(whole.get(i).tokens());
        assertThat(rest.get(i).reason()).isEqualTo(whole.get(i).reason());
      }
    }
  }

  private interface Begun {
    int[] of(int row);
  }

  private static List<RowResult> run(SamplingOptions sampling, Begun begun) {
    StopCondition stop = StopCondition.tokens(engine.checkpoint().generation().stopTokens());
    return TestEngines.run(
        engine,
        IntStream.range(0, PROMPTS.size())
            .mapToObj(
                i ->
                    TestEngines.asking(
                        i,
                        PROMPTS.get(i),
                        new Ask.Generate(sampling, 31 + i, stop, null).after(begun.of(i))))
            .toList());
  }

  @Test
  void moreThanARowMayHaveIsItsError() {
    int[] tooMany = IntStream.range(10, 10 + NEW_TOKENS).toArray();
    RowResult result =
        run(SamplingOptions.greedy(NEW_TOKENS), i -> i == 0 ? tooMany : new int[0]).get(0);
    assertThat(result.error())
        .isEqualTo("20 tokens were generated before, but the row may have only 20");
  }

  @Test
  void tokensOfNoVocabularyAreARowsError() {
    RowResult result = run(SamplingOptions.greedy(NEW_TOKENS), i -> new int[] {-5}).get(0);
    assertThat(result.error()).contains("has token -5");
  }

  /** What a sink has heard of a row. */
  private static final class Heard implements RowSink {

    private final Map<Long, List<Integer>> tokens = new HashMap<>();
    private final Map<Long, RowResult> results = new HashMap<>();

    @Override
    public void generated(long key, int[] all, int from, int to) {
      List<Integer> row = tokens.computeIfAbsent(key, k -> new ArrayList<>());
      assertThat(results).doesNotContainKey(key);
      assertThat(from).as("nothing is left out or told twice").isEqualTo(row.size());
      assertThat(to).isGreaterThan(from);
      Arrays.stream(all, from, to).forEach(row::add);
    }

    @Override
    public void ended(RowResult result) {
      results.put(result.key(), result);
    }
  }

  @Test
  void aSinkHearsOfEveryTokenOnce() throws InterruptedException {
    Heard heard = new Heard();
    List<RowRequest> requests = TestEngines.requests(PROMPTS, NEW_TOKENS);
    try (EngineClient client = engine.open(heard)) {
      requests.forEach(client::submit);
      while (client.unfinished() > 0) {
        RowResult result = client.take();
        assertThat(heard.results.get(result.key())).isSameAs(result);
      }
    }
    for (int i = 0; i < PROMPTS.size(); i++) {
      int[] tokens = heard.results.get((long) i).tokens();
      assertThat(tokens).hasSize(NEW_TOKENS);
      assertThat(heard.tokens.get((long) i))
          .as("the last comes with the result")
          .isEqualTo(Arrays.stream(tokens, 0, NEW_TOKENS - 1).boxed().toList());
    }
  }
}
