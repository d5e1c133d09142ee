package dev.strata.udfs.decode;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.strata.udfs.api.RowException;
import dev.strata.udfs.api.SamplingOptions;
import java.nio.FloatBuffer;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SamplerTest {

  private static final float NONE = Float.NEGATIVE_INFINITY;
  private static final int[] NO_TOKENS = {};

  @Test
  void greedyTakesTheLargestLogitAndTheLowestIdOfEquals() {
    assertThat(sample(SamplingOptions.greedy(1), 1, 3, NONE, 3, 2)).isEqualTo(1);
    assertThat(sample(options(1, 1, 1, 1, 0), 1, 3, NONE, 3, 2)).isEqualTo(1);
  }

  @Test
  void greedyAppliesTheRepetitionPenaltyOnceToEachToken() {
    SamplingOptions greedy = options(2, 0, 0, 1, 0);
    assertThat(sampleAfter(greedy, new int[] {1, 1, 1}, 1, 3, 1.4f)).isEqualTo(1);
    assertThat(sampleAfter(greedy, new int[] {1}, 1, 3, 1.6f)).isEqualTo(2);
    assertThat(sampleAfter(greedy, new int[] {0, 0}, -1, -1.9f, -5)).isEqualTo(1);
    assertThat(sampleAfter(greedy, new int[] {0, 0}, -1, -2.1f, -5)).isZero();
  }

  @Test
  void theMarginIsThatOfThePenalizedLogits() {
    Sampler sampler = new Sampler(4, Set.of());
    SamplingOptions greedy = options(2, 0, 0, 1, 0);
    assertThat(sampler.sample(buffer(1, 3, 1.25f, NONE), greedy, new int[] {1}, 1, 1, 0, 0))
        .isEqualTo(1);
    assertThat(sampler.margin()).isEqualTo(0.25f);
    sampler.sample(buffer(2, 5, 5, 1), greedy, NO_TOKENS, 0, 0, 0, 0);
    assertThat(sampler.margin()).isZero();
  }

  @Test
  void onlyTokensBeforeTheTokenCountArePenalized() {
    int id =
        new Sampler(2, Set.of())
            .sample(buffer(2, 1), options(10, 0, 0, 1, 0), new int[] {1, 0}, 1, 1, 0, 0);
    assertThat(id).isZero();
  }

  @Test
  void topKKeepsTiesAtItsLeastScore() {
    assertThat(drawn(options(1, 1, 2, 1, 0), 5, 4, 4, 4, 3)).containsExactly(0, 1, 2, 3);
    assertThat(drawn(options(1, 1, 5, 1, 0), 5, 4, 4, 4, 3)).containsExactly(0, 1, 2, 3, 4);
  }

  @Test
  void topPKeepsTheFewestThatReachTheMass() {
    float half = (float) Math.log(0.5);
    float quarter = (float) Math.log(0.25);
    assertThat(drawn(options(1, 1, 0, 0.01, 0), quarter, half, quarter)).containsExactly(1);
    assertThat(drawn(options(1, 1, 0, 0.49, 0), quarter, half, quarter)).containsExactly(1);
    assertThat(drawn(options(1, 1, 0, 0.51, 0), quarter, half, quarter)).containsExactly(0, 1);
    assertThat(drawn(options(1, 1, 0, 0.76, 0), quarter, half, quarter)).containsExactly(0, 1, 2);
  }

  @Test
  void minPIsRelativeToTheMostLikely() {
    float[] logits = {0, (float) Math.log(0.3), (float) Math.log(0.1)};
    assertThat(drawn(options(1, 1, 0, 1, 0.2), logits)).containsExactly(0, 1);
    assertThat(drawn(options(1, 1, 0, 1, 0.09), logits)).containsExactly(0, 1, 2);
    assertThat(drawn(options(1, 1, 0, 1, 1), logits)).containsExactly(0);
  }

  @Test
  void impossibleTokensAreNeverDrawn() {
    assertThat(drawn(options(1, 100, 0, 1, 0), NONE, 0, NONE, 0, NONE)).containsExactly(1, 3);
    assertThat(drawn(options(1, 1e-300, 0, 1, 0), 1, 1.001f, 0)).containsExactly(1);
  }

  @Test
  void logitsAreReadFromTheBuffersPositionAndLeftAlone() {
    FloatBuffer logits = buffer(9, 9, 1, 2, 9);
    logits.position(2);
    assertThat(
            new Sampler(2, Set.of()).sample(logits, options(1, 0, 0, 1, 0), NO_TOKENS, 0, 0, 0, 0))
        .isEqualTo(1);
    assertThat(logits.position()).isEqualTo(2);
    logits.rewind();
    assertThat(logits).isEqualTo(buffer(9, 9, 1, 2, 9));
  }

  @ParameterizedTest
  @CsvSource({"NaN, 0", "NaN, 1", "Infinity, 0", "-Infinity, 0", "-Infinity, 1"})
  void brokenLogitsAreTheRowsError(float broken, double temperature) {
    float other = broken == NONE ? NONE : 1;
    assertThatThrownBy(() -> sample(options(1, temperature, 0, 1, 0), other, broken, other))
        .isInstanceOf(RowException.class)
        .hasMessageStartingWith("the model computed a logit of " + broken + " for ");
  }

  /**
   * Ids computed with numpy from {@code logits = 12 * uniform(7, arange(1000)) - 6}, the tokens
   * below (the last one is the most likely) and seed 42, positions 0 to 11; the columns are
   * penalty, temperature, top-k, top-p, min-p.
   */
  @ParameterizedTest
  @CsvSource({
    "1, 1, 0, 1, 0, 849 749 301 793 728 152 170 14 793 847 68 723",
    "1, 0.7, 50, 1, 0, 793 654 539 347 148 730 285 267 347 301 285 170",
    "1, 0.7, 0, 0.9, 0, 427 399 130 748 148 126 347 37 748 90 426 793",
    "1, 1.3, 0, 1, 0.1, 457 130 747 652 728 532 737 541 652 126 748 427",
    "1.3, 0.8, 40, 0.95, 0.05, 882 654 315 426 687 793 285 747 426 117 285 473",
    "2, 0.25, 5, 0.5, 0.2, 728 148 148 148 148 728 148 728 148 687 148 687",
    "0.5, 1, 0, 1, 0, 98 98 98 98 98 622 98 98 98 98 98 98"
  })
  void drawsWhatNumpyDraws(
      double penalty, double temperature, int topK, double topP, double minP, String ids) {
    FloatBuffer logits = FloatBuffer.allocate(1000);
    IntStream.range(0, 1000)
        .forEach(id -> logits.put(id, (float) (12 * RowSeed.uniform(7, id) - 6)));
    int best = sampleOf(logits, options(1, 0, 0, 1, 0), NO_TOKENS, 0);
    int[] tokens = {3, 3, 17, 999, 500, best};
    SamplingOptions options = options(penalty, temperature, topK, topP, minP);
    assertThat(IntStream.range(0, 12).map(i -> sampleOf(logits, options, tokens, i)))
        .containsExactly(
            List.of(ids.split(" ")).stream().map(Integer::valueOf).toArray(Integer[]::new));
  }

  @Test
  void agreesWithTheReferenceOnRandomLogitsAndOptions() {
    Random random = new Random(5);
    for (int round = 0; round < 3000; round++) {
      int vocab = 1 + random.nextInt(400);
      Sampler sampler = new Sampler(vocab, Set.of());
      float[] logits = new float[vocab];
      for (int id = 0; id < vocab; id++) {
        // Rounded, so that there are many ties.
        logits[id] = Math.round(random.nextGaussian() * 12) / 4f;
      }
      int[] tokens = random.ints(random.nextInt(20), 0, vocab).toArray();
      SamplingOptions options = randomOptions(random);
      long seed = random.nextLong();
      int actual =
          sampler.sample(
              FloatBuffer.wrap(logits), options, tokens, tokens.length, tokens.length, seed, round);
      assertThat(actual)
          .as("vocabulary %d, %s, seed %d", vocab, options, seed)
          .isEqualTo(ReferenceSampler.sample(logits, options, tokens, seed, round));
    }
  }

  @Test
  void agreesWithTheReferenceOnALargeVocabulary() {
    Random random = new Random(6);
    float[] logits = new float[128_256];
    for (int id = 0; id < logits.length; id++) {
      logits[id] = (float) (random.nextGaussian() * 3);
    }
    Sampler sampler = new Sampler(logits.length, Set.of());
    for (int position = 0; position < 20; position++) {
      SamplingOptions options = randomOptions(random);
      assertThat(sampler.sample(FloatBuffer.wrap(logits), options, NO_TOKENS, 0, 0, 99, position))
          .as("%s", options)
          .isEqualTo(ReferenceSampler.sample(logits, options, NO_TOKENS, 99, position));
    }
  }

  private static SamplingOptions randomOptions(Random random) {
    return options(
        random.nextBoolean() ? 1 : 0.5 + random.nextDouble(),
        random.nextInt(5) == 0 ? 0 : 0.1 + 2 * random.nextDouble(),
        random.nextBoolean() ? 0 : 1 + random.nextInt(60),
        random.nextBoolean() ? 1 : 0.05 + 0.9 * random.nextDouble(),
        random.nextBoolean() ? 0 : 0.3 * random.nextDouble());
  }

  /** The distinct tokens that 400 positions draw, ascending. */
  private static IntStream drawn(SamplingOptions options, float... logits) {
    Sampler sampler = new Sampler(logits.length, Set.of());
    return IntStream.range(0, 400)
        .map(i -> sampler.sample(FloatBuffer.wrap(logits), options, NO_TOKENS, 0, 0, 1, i))
        .distinct()
        .sorted();
  }

  private static int sample(SamplingOptions options, float... logits) {
    return sampleAfter(options, NO_TOKENS, logits);
  }

  private static int sampleAfter(SamplingOptions options, int[] tokens, float... logits) {
    return new Sampler(logits.length, Set.of())
        .sample(FloatBuffer.wrap(logits), options, tokens, tokens.length, tokens.length, 0, 0);
  }

  private static int sampleOf(
      FloatBuffer logits, SamplingOptions options, int[] tokens, int position) {
    return new Sampler(1000, Set.of())
        .sample(logits, options, tokens, tokens.length, tokens.length, 42, position);
  }

  private static FloatBuffer buffer(float... values) {
    return FloatBuffer.wrap(values);
  }

  private static SamplingOptions options(
      double penalty, double temperature, int topK, double topP, double minP) {
    return new SamplingOptions(1, penalty, temperature, topK, topP, minP, List.of(), false);
  }
}
