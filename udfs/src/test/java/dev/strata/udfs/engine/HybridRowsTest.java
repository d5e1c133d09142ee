package dev.strata.udfs.engine;

import static dev.strata.udfs.engine.CloseTo.closeTo;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Rows whose layers have states: continuations, rows that wait, rows that outgrow their room. */
@Timeout(120)
class HybridRowsTest {

  private static final Path MODEL = TestEngines.golden("qwen3-5-long");
  private static final int VOCABULARY = 120;

  private static int[] tokens(int seed, int count) {
    return new Random(seed).ints(count, 3, VOCABULARY).toArray();
  }

  private static int[] joined(int[] a, int[] b) {
    return IntStream.concat(IntStream.of(a), IntStream.of(b)).toArray();
  }

  private static TestEngines.OptionsBuilder options() {
    return TestEngines.options(MODEL).hostMemory(64 << 20);
  }

  /** Everything at once; two rows at a time; in pieces; on a device apart, states there or not. */
  static Stream<TestEngines.OptionsBuilder> plans() {
    return Stream.of(
        options(),
        options().waveSize(2).microBatchTokens(3),
        options().waveSize(1).microBatchTokens(1),
        options().device("staged").microBatchTokens(5).deviceMemory(64 << 20),
        options().device("staged").rowTokens(100_000).deviceMemory(32 << 20),
        options()
            .device("staged-early")
            .rowTokens(100_000)
            .waveSize(3)
            .microBatchTokens(4)
            .tileBytes(4096)
            .deviceMemory(32 << 20));
  }

  private static final List<int[]> PROMPTS = List.of(tokens(1, 70), tokens(2, 3), tokens(3, 1));

  /** Long ones, whole ones beside each other, single tokens. */
  private static final List<int[]> CONTINUATIONS =
      List.of(tokens(10, 4), tokens(11, 1), tokens(12, 90), tokens(13, 2), tokens(14, 3));

  private static double logProbability(int[] prompt, int[] continuation) {
    RecordedLogits logits = new RecordedLogits();
    int[] all = joined(prompt, continuation);
    try (Engine engine = Engine.start(options().build())) {
      TestEngines.run(engine, List.of(TestEngines.observed(0, all, 1, logits)));
    }
    double sum = 0;
    for (int i = prompt.length; i < all.length; i++) {
      sum += logits.logProbability(i - 1, all[i]);
    }
    return sum;
  }

  private static final List<double[]> EXPECTED =
      PROMPTS.stream()
          .map(p -> CONTINUATIONS.stream().mapToDouble(c -> logProbability(p, c)).toArray())
          .toList();

  /** Each starts from what the prompt left, not from what the one before it left. */
  @ParameterizedTest
  @MethodSource("plans")
  void continuationsStartFromTheirPrompt(TestEngines.OptionsBuilder plan) {
    List<RowRequest> rows = new ArrayList<>();
    for (int[] prompt : PROMPTS) {
      rows.add(TestEngines.asking(rows.size(), prompt, new Ask.Choose(CONTINUATIONS)));
      rows.add(TestEngines.request(rows.size(), prompt, 3));
    }
    try (Engine engine = Engine.start(plan.build())) {
      List<RowResult> results = TestEngines.run(engine, rows);
      for (int i = 0; i < PROMPTS.size(); i++) {
        float[] found = results.get(2 * i).values();
        for (int j = 0; j < found.length; j++) {
          assertThat((double) found[j])
              .as("prompt %d, continuation %d", i, j)
              .isCloseTo(EXPECTED.get(i)[j], within(1e-3));
        }
      }
    }
  }

  /** A token at a time goes by another kernel than a prompt. */
  @Test
  void promptsInPiecesOfAnySizeAreTheSame() {
    int[] prompt = tokens(4, 140);
    List<RecordedLogits> all = new ArrayList<>();
    for (int tokens : new int[] {0, 1, 2, 63, 64, 65}) {
      RecordedLogits logits = new RecordedLogits();
      try (Engine engine =
          Engine.start(options().microBatchTokens(tokens).waveSize(tokens == 0 ? 0 : 1).build())) {
        TestEngines.run(engine, List.of(TestEngines.observed(0, prompt, 1, logits)));
      }
      all.add(logits);
    }
    for (RecordedLogits logits : all) {
      assertThat(logits.positions()).hasSize(prompt.length);
      for (int position : logits.positions()) {
        assertThat(logits.at(position))
            .as("token %d", position)
            .is(closeTo(all.get(0).at(position), 1e-4f));
      }
    }
  }

  private static List<List<Integer>> texts(Engine engine, int rows, int newTokens) {
    List<int[]> prompts =
        IntStream.range(0, rows).mapToObj(i -> tokens(20 + i, 5 + i % 9)).toList();
    return TestEngines.run(engine, TestEngines.requests(prompts, newTokens)).stream()
        .map(result -> IntStream.of(result.tokens()).boxed().toList())
        .toList();
  }

  /** More rows than places, and no room for all of them at their full length. */
  @Test
  void rowsTakeTurnsAndLoseNothing() {
    List<List<Integer>> expected;
    try (Engine engine = Engine.start(options().build())) {
      expected = texts(engine, 24, 200);
    }
    TestEngines.OptionsBuilder narrow =
        TestEngines.options(MODEL).waveSize(24).microBatchTokens(24).tileBytes(4096).rowTokens(20);
    try (Engine engine =
        Engine.start(narrow.hostMemory(TestEngines.leastHostMemory(narrow)).build())) {
      assertThat(texts(engine, 24, 200)).isEqualTo(expected);
      assertThat(engine.counters().putBackRows()).isPositive();
    }
  }
}
