package dev.strata.udfs.engine;

import static dev.strata.udfs.engine.CloseTo.closeTo;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.strata.udfs.api.EngineOptions;
import dev.strata.udfs.api.EngineSnapshot;
import dev.strata.udfs.api.FinishReason;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** A kernel that finds too little memory: micro-batches are halved, and nothing is lost. */
@Timeout(60)
class OutOfDeviceMemoryTest {

  private static final Path MODEL = TestEngines.golden("llama");
  private static final int NEW_TOKENS = 4;

  /** Lets the kernels of some uses of tiles fail, as PyTorch says it; those of retries count. */
  private static final class Failing implements EngineListener {

    private final Set<Long> uses = ConcurrentHashMap.newKeySet();
    private long started;

    Failing(List<Long> uses) {
      this.uses.addAll(uses);
    }

    @Override
    public void kernelsStarted(long use) {
      if (uses.remove(started++)) {
        throw new IllegalStateException(
            "RuntimeError: CUDA out of memory. Tried to allocate 2 MiB");
      }
    }

    @Override
    public void kernelsEnded(long use) {}

    @Override
    public void readStarted(long tile) {}

    @Override
    public void readEnded(long tile, long bytes) {}
  }

  private static TestEngines.OptionsBuilder options() {
    return TestEngines.options(MODEL).waveSize(6);
  }

  /** Engines of all loop orders, hidden states and places of keys and values. */
  static Stream<EngineOptions> plans() {
    TestEngines.OptionsBuilder staged = options().device("staged");
    return Stream.of(
        options().build(),
        options().microBatchTokens(8).build(),
        // A ring that holds no stage: a sweep is one micro-batch.
        options().tileBytes(2048).microBatchTokens(16).hostMemory(12 << 20).build(),
        staged.deviceMemory(100 << 20).build(),
        staged.microBatchTokens(8).build(),
        // Tiles pass again for each micro-batch; keys and values in host memory.
        staged.tileBytes(4096).rowTokens(5000).deviceMemory(20 << 20).build(),
        // One micro-batch past the smallest ring.
        staged.deviceMemory(15 << 20).hostMemory(1 << 20).weightsMemory(0).build());
  }

  private record Outcome(
      List<List<Integer>> texts, List<RecordedLogits> logits, EngineSnapshot snapshot) {}

  private static Outcome run(Engine engine) {
    List<int[]> prompts =
        Golden.read(MODEL).cases().stream()
            .map(c -> c.prompt().stream().mapToInt(Integer::intValue).toArray())
            .toList();
    List<RecordedLogits> logits = prompts.stream().map(p -> new RecordedLogits()).toList();
    List<RowRequest> requests = new ArrayList<>();
    for (int[] prompt : prompts) {
      RecordedLogits observer = logits.get(requests.size());
      requests.add(TestEngines.observed(requests.size(), prompt, NEW_TOKENS, observer));
    }
    List<RowResult> results = TestEngines.run(engine, requests);
    assertThat(results).extracting(RowResult::reason).containsOnly(FinishReason.LENGTH);
    assertThat(engine.isFailed()).isFalse();
    return new Outcome(
        results.stream().map(r -> IntStream.of(r.tokens()).boxed().toList()).toList(),
        logits,
        engine.snapshot());
  }

  @ParameterizedTest
  @MethodSource("plans")
  void microBatchesAreHalvedAndNothingIsLost(EngineOptions options) {
    Outcome expected;
    try (Engine engine = Engine.start(options)) {
      expected = run(engine);
    }
    long uses = expected.snapshot().tiles();
    long sweep = uses / expected.snapshot().sweeps();
    // The first tile, one of the first attention, the head of the first sweep, and in later ones.
    for (List<Long> failing :
        List.of(
            List.of(0L),
            List.of(3L),
            List.of(sweep - 1),
            List.of(sweep, 2 * sweep + 5, uses - 1))) {
      Failing shortages = new Failing(failing);
      try (Engine engine = Engine.start(options, shortages)) {
        Outcome outcome = run(engine);
        assertThat(shortages.uses).isEmpty();
        assertThat(outcome.texts()).as("%s", failing).isEqualTo(expected.texts());
        assertThat(outcome.snapshot().tokenSlots()).isEqualTo(expected.snapshot().tokenSlots());
        assertThat(outcome.snapshot().newTokens()).isEqualTo(expected.snapshot().newTokens());
        for (int i = 0; i < expected.logits().size(); i++) {
          assertSameLogits(outcome.logits().get(i), expected.logits().get(i));
        }
      }
    }
  }

  private static void assertSameLogits(RecordedLogits actual, RecordedLogits expected) {
    assertThat(actual.positions()).isEqualTo(expected.positions());
    for (int position : expected.positions()) {
      assertThat(actual.at(position)).is(closeTo(expected.at(position), 1e-4f));
    }
  }

  /** Tiles pass once more for each micro-batch, so that their uses tell how many there are. */
  @Test
  void aSweepIsTwiceAsManyMicroBatchesAfterwards() {
    EngineOptions options =
        options()
            .device("staged")
            .tileBytes(512)
            .microBatchTokens(1 << 10)
            .deviceMemory(16 << 20)
            .build();
    assertThat(usesOfOneSweep(options, List.of()))
        .isLessThan(usesOfOneSweep(options, LongStream.range(0, 8).boxed().toList()));
  }

  private static long usesOfOneSweep(EngineOptions options, List<Long> failing) {
    try (Engine engine = Engine.start(options, new Failing(failing))) {
      TestEngines.run(engine, TestEngines.requests(prompts(), 1));
      assertThat(engine.snapshot().sweeps()).isEqualTo(1);
      return engine.snapshot().tiles();
    }
  }

  /** What went through in one micro-batch, and kept nothing, goes in two that need it. */
  @Test
  void rowsThatAreTooLongNowToPassAreKept() {
    TestEngines.OptionsBuilder options =
        options().device("staged").microBatchTokens(1 << 6).deviceMemory(64 << 20);
    List<RowRequest> rows = new ArrayList<>();
    for (int[] prompt : prompts()) {
      rows.add(TestEngines.asking(rows.size(), prompt, new Ask.Score(1)));
    }
    List<RowResult> expected;
    try (Engine engine = Engine.start(options.build())) {
      expected = TestEngines.run(engine, rows);
    }
    for (List<Long> failing : List.of(List.of(3L), List.of(0L, 1L, 9L))) {
      Failing shortages = new Failing(failing);
      try (Engine engine = Engine.start(options.build(), shortages)) {
        List<RowResult> results = TestEngines.run(engine, rows);
        assertThat(shortages.uses).isEmpty();
        for (int i = 0; i < rows.size(); i++) {
          assertThat(results.get(i).values()).is(closeTo(expected.get(i).values(), 1e-4f));
        }
      }
    }
  }

  private static List<int[]> prompts() {
    return IntStream.range(0, 6).mapToObj(i -> IntStream.range(6, 26 + i).toArray()).toList();
  }

  /** A micro-batch of one token cannot be halved. */
  @Test
  void theEngineEndsWhereNothingIsLeftToHalve() {
    EngineOptions options = options().microBatchTokens(1).build();
    try (Engine engine = Engine.start(options, new Failing(List.of(5L)))) {
      assertThatThrownBy(() -> TestEngines.run(engine, TestEngines.requests(prompts(), 1)))
          .hasMessageContaining("CUDA out of memory");
      assertThat(engine.isFailed()).isTrue();
    }
  }
}
