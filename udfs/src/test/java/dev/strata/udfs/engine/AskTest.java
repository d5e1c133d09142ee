package dev.strata.udfs.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What is read from the model, under plans of all kinds, beside logits that were seen in full. */
@Timeout(300)
class AskTest {

  private static final Offset<Float> CLOSE = within(2e-4f);
  private static final Offset<Float> SAME = within(1e-5f);

  private static final List<int[]> PROMPTS = TestEngines.prompts(61, 4, 1, 18);

  /** For each prompt: single tokens, one that begins another, a long one, the same twice. */
  private static final List<List<int[]>> CONTINUATIONS =
      IntStream.range(0, PROMPTS.size()).mapToObj(AskTest::continuations).toList();

  private static List<float[]> scores;
  private static List<float[]> choices;
  private static List<float[]> embeddings;

  private static List<int[]> continuations(int prompt) {
    Random random = new Random(70 + prompt);
    int[] label = random.ints(3, 6, 8000).toArray();
    return List.of(
        new int[] {label[0], 2},
        new int[] {label[0], label[1], 2},
        new int[] {label[2]},
        random.ints(40 + prompt, 6, 8000).toArray(),
        new int[] {label[0], label[1], 2},
        label);
  }

  @BeforeAll
  static void seeAllLogits() {
    List<RowRequest> rows = new ArrayList<>();
    List<List<float[]>> seen = new ArrayList<>();
    try (Engine engine = Engine.start(options().build())) {
      for (int i = 0; i < PROMPTS.size(); i++) {
        rows.add(seeing(rows.size(), PROMPTS.get(i), seen));
        for (int[] continuation : CONTINUATIONS.get(i)) {
          rows.add(seeing(rows.size(), joined(PROMPTS.get(i), continuation), seen));
        }
      }
      TestEngines.run(engine, rows);
    }
    scores = new ArrayList<>();
    choices = new ArrayList<>();
    int row = 0;
    for (int i = 0; i < PROMPTS.size(); i++) {
      scores.add(scored(PROMPTS.get(i), seen.get(row++)).values());
      float[] sums = new float[CONTINUATIONS.get(i).size()];
      for (int j = 0; j < sums.length; j++) {
        int[] all = joined(PROMPTS.get(i), CONTINUATIONS.get(i).get(j));
        for (float each : logProbabilities(all, PROMPTS.get(i).length, seen.get(row++))) {
          sums[j] += each;
        }
      }
      choices.add(sums);
    }
    try (Engine engine = Engine.start(options().build())) {
      embeddings = values(engine, asking(i -> new Ask.Embed()));
    }
  }

  private static TestEngines.OptionsBuilder options() {
    return TestEngines.options(TestEngines.demoModel());
  }

  private static int[] joined(int[] a, int[] b) {
    return IntStream.concat(IntStream.of(a), IntStream.of(b)).toArray();
  }

  private static RowRequest seeing(long key, int[] tokens, List<List<float[]>> all) {
    List<float[]> logits = new ArrayList<>();
    all.add(logits);
    LogitsObserver observer =
        new LogitsObserver() {
          @Override
          public boolean everyPosition() {
            return true;
          }

          @Override
          public void logits(int position, FloatBuffer values) {
            float[] copy = new float[values.remaining()];
            values.get(copy);
            logits.add(copy);
          }
        };
    return TestEngines.observed(key, tokens, 1, observer);
  }

  /** By the definition, in double precision. */
  private static float[] logProbabilities(int[] tokens, int from, List<float[]> logits) {
    float[] values = new float[tokens.length - from];
    for (int i = from; i < tokens.length; i++) {
      double sum = 0;
      for (float logit : logits.get(i - 1)) {
        sum += Math.exp(logit);
      }
      values[i - from] = (float) (logits.get(i - 1)[tokens[i]] - Math.log(sum));
    }
    return values;
  }

  private static ScoredTokens scored(int[] tokens, List<float[]> logits) {
    boolean areLikeliest =
        IntStream.range(1, tokens.length).allMatch(i -> isLikeliest(tokens[i], logits.get(i - 1)));
    return new ScoredTokens(logProbabilities(tokens, 1, logits), areLikeliest);
  }

  private static boolean isLikeliest(int token, float[] logits) {
    return IntStream.range(0, logits.length).noneMatch(i -> logits[i] > logits[token]);
  }

  private interface Asks {
    Ask of(int prompt);
  }

  private static List<RowRequest> asking(Asks asks) {
    return IntStream.range(0, PROMPTS.size())
        .mapToObj(i -> TestEngines.asking(i, PROMPTS.get(i), asks.of(i)))
        .toList();
  }

  private static List<float[]> values(Engine engine, List<RowRequest> rows) {
    List<float[]> all = new ArrayList<>();
    for (RowResult result : TestEngines.run(engine, rows)) {
      assertThat(result.error()).isNull();
      assertThat(result.tokens()).isEmpty();
      all.add(result.values());
    }
    return all;
  }

  static Stream<TestEngines.OptionsBuilder> plans() {
    return Stream.of(
        options(),
        options().tileBytes(192 << 10).waveSize(3).microBatchTokens(5).hostMemory(24 << 20),
        options().tileBytes(1 << 20).waveSize(1).microBatchTokens(2).hostMemory(20 << 20),
        options().device("staged").waveSize(4).microBatchTokens(16),
        options().device("staged-early").waveSize(2).microBatchTokens(7).deviceMemory(12 << 20),
        options().device("staged").rowTokens(30).deviceMemory(64 << 20));
  }

  @ParameterizedTest
  @MethodSource("plans")
  void whatIsReadDoesNotDependOnThePlan(TestEngines.OptionsBuilder plan) {
    try (Engine engine = Engine.start(plan.build())) {
      List<RowRequest> rows = new ArrayList<>();
      for (int i = 0; i < PROMPTS.size(); i++) {
        int[] prompt = PROMPTS.get(i);
        rows.add(TestEngines.asking(rows.size(), prompt, new Ask.Score(1)));
        rows.add(TestEngines.asking(rows.size(), prompt, new Ask.Choose(CONTINUATIONS.get(i))));
        rows.add(TestEngines.request(rows.size(), prompt, 3));
        rows.add(TestEngines.asking(rows.size(), prompt, new Ask.Embed()));
      }
      List<RowResult> results = TestEngines.run(engine, rows);
      for (int i = 0; i < PROMPTS.size(); i++) {
        assertThat(results.get(4 * i).values()).containsExactly(scores.get(i), CLOSE);
        assertThat(results.get(4 * i + 1).values()).containsExactly(choices.get(i), CLOSE);
        assertThat(results.get(4 * i + 2).tokens()).hasSize(3);
        assertThat(results.get(4 * i + 3).values()).containsExactly(embeddings.get(i), SAME);
      }
    }
  }

  @Test
  void aTextIsScoredFromATokenOn() {
    try (Engine engine = Engine.start(options().build())) {
      List<float[]> ends =
          values(engine, asking(i -> new Ask.Score(PROMPTS.get(i).length - 1 | 1)));
      for (int i = 0; i < PROMPTS.size(); i++) {
        int from = PROMPTS.get(i).length - 1 | 1;
        float[] all = ScoredTokens.of(scores.get(i)).logProbabilities();
        float[] end = ScoredTokens.of(ends.get(i)).logProbabilities();
        assertThat(end).hasSize(Math.max(0, all.length + 1 - from));
        for (int j = 0; j < end.length; j++) {
          assertThat(end[j]).isCloseTo(all[from - 1 + j], CLOSE);
        }
      }
    }
  }

  /** What is generated where the likeliest token is taken is the likeliest; nothing else is. */
  @Test
  void whatWouldBeGeneratedIsTheLikeliest() {
    int[] prompt = PROMPTS.get(0);
    try (Engine engine = Engine.start(options().build())) {
      int[] generated =
          TestEngines.run(engine, List.of(TestEngines.request(0, prompt, 6))).get(0).tokens();
      List<RowRequest> rows = new ArrayList<>();
      for (int changed = -1; changed < generated.length; changed++) {
        int[] text = joined(prompt, generated);
        if (changed >= 0) {
          text[prompt.length + changed]++;
        }
        rows.add(TestEngines.asking(rows.size(), text, new Ask.Score(prompt.length)));
      }
      List<Boolean> found =
          values(engine, rows).stream().map(v -> ScoredTokens.of(v).areLikeliest()).toList();
      assertThat(found.get(0)).isTrue();
      assertThat(found.subList(1, found.size())).hasSize(generated.length).containsOnly(false);
    }
  }

  /** Rows that are read are put back for older ones that grow, and read again from the start. */
  @Test
  void rowsThatArePutBackAreReadAgain() {
    TestEngines.OptionsBuilder options = options().device("cpu").waveSize(8).tileBytes(1 << 20);
    long least = TestEngines.leastHostMemory(options);
    try (Engine engine = Engine.start(options.hostMemory(least).build())) {
      List<RowRequest> rows = new ArrayList<>();
      rows.add(TestEngines.request(0, PROMPTS.get(0), 120));
      rows.add(TestEngines.request(1, PROMPTS.get(1), 120));
      for (int i = 0; i < 6 * PROMPTS.size(); i++) {
        int[] prompt = PROMPTS.get(i % PROMPTS.size());
        List<int[]> continuations = CONTINUATIONS.get(i % PROMPTS.size());
        rows.add(TestEngines.asking(rows.size(), prompt, new Ask.Choose(continuations)));
        rows.add(TestEngines.asking(rows.size(), prompt, new Ask.Embed()));
        rows.add(TestEngines.asking(rows.size(), prompt, new Ask.Score(1)));
      }
      List<RowResult> results = TestEngines.run(engine, rows);
      assertThat(engine.counters().putBackRows()).isPositive();
      for (int i = 0; i < 6 * PROMPTS.size(); i++) {
        int prompt = i % PROMPTS.size();
        assertThat(results.get(3 * i + 2).values()).containsExactly(choices.get(prompt), CLOSE);
        assertThat(results.get(3 * i + 3).values()).containsExactly(embeddings.get(prompt), SAME);
        assertThat(results.get(3 * i + 4).values()).containsExactly(scores.get(prompt), CLOSE);
      }
    }
  }

  /** The prompt's sweep and one for all continuations, however many there are and how long. */
  @Test
  void choosingTakesTwoSweeps() {
    try (Engine engine = Engine.start(options().build())) {
      values(engine, asking(i -> new Ask.Choose(CONTINUATIONS.get(i))));
      assertThat(engine.snapshot().sweeps()).isEqualTo(2);
    }
  }

  @Test
  void choosingAmongSingleTokensTakesOneSweep() {
    List<int[]> words = IntStream.range(6, 500).mapToObj(token -> new int[] {token}).toList();
    try (Engine engine = Engine.start(options().build())) {
      List<float[]> all = values(engine, asking(i -> new Ask.Choose(words)));
      assertThat(engine.snapshot().sweeps()).isEqualTo(1);
      assertThat(all).allMatch(values -> values.length == words.size());
    }
  }

  /** Prompts go through the model once: no token of them again for each continuation. */
  @Test
  void promptsAreSharedByTheirContinuations() {
    try (Engine engine = Engine.start(options().build())) {
      values(engine, asking(i -> new Ask.Choose(CONTINUATIONS.get(i))));
      long prompts = PROMPTS.stream().mapToLong(p -> p.length).sum();
      long behind = CONTINUATIONS.stream().flatMap(List::stream).mapToLong(c -> c.length - 1).sum();
      assertThat(engine.snapshot().tokenSlots()).isEqualTo(prompts + behind);
    }
  }

  @Test
  void embeddingsHaveLengthOne() {
    for (float[] embedding : embeddings) {
      double squares = 0;
      for (float x : embedding) {
        squares += (double) x * x;
      }
      assertThat(squares).isCloseTo(1, within(1e-5));
    }
  }

  @Test
  void whatDoesNotFitIsTheRowsError() {
    try (Engine engine = Engine.start(options().build())) {
      int context = engine.checkpoint().spec().contextLength();
      int[] longest = new Random(5).ints(context, 6, 8000).toArray();
      int[] tooLong = joined(longest, new int[] {7});
      List<RowResult> results =
          TestEngines.run(
              engine,
              List.of(
                  TestEngines.asking(0, tooLong, new Ask.Score(1)),
                  TestEngines.asking(
                      1, new int[] {9}, new Ask.Choose(List.of(new int[] {1 << 20}))),
                  TestEngines.asking(2, longest, new Ask.Score(context - 3)),
                  TestEngines.asking(3, new int[0], new Ask.Embed()),
                  TestEngines.asking(4, longest, new Ask.Choose(List.of(new int[] {7, 8}))),
                  TestEngines.asking(5, new int[] {9}, new Ask.Score(1))));
      assertThat(results.get(0).error())
          .isEqualTo(
              "the text has %d tokens, but the model's context holds %d"
                  .formatted(context + 1, context));
      assertThat(results.get(1).error()).contains("token 1048576", "vocabulary");
      assertThat(results.get(2).error()).isNull();
      assertThat(ScoredTokens.of(results.get(2).values()).count()).isEqualTo(3);
      assertThat(results.get(3).error()).isEqualTo("the prompt has no tokens");
      assertThat(results.get(4).error()).contains("the text has " + (context + 1) + " tokens");
      assertThat(ScoredTokens.of(results.get(5).values()).count()).isZero();
    }
  }

  @Test
  void thereIsSomethingToAsk() {
    assertThatThrownBy(() -> new Ask.Score(0)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> new Ask.Choose(List.of()))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> new Ask.Choose(List.of(new int[0])))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
