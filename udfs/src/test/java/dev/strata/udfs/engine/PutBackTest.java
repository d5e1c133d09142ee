package dev.strata.udfs.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.strata.udfs.api.EngineSnapshot;
import dev.strata.udfs.api.FinishReason;
import dev.strata.udfs.api.SamplingOptions;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A KV pool that does not hold all rows at their full length: they take turns and lose nothing. */
@Timeout(600)
class PutBackTest {

  private static final int ROWS = 12;
  private static final int ALLOWANCE = 40;

  /** Greedy and sampled rows, some of which stop early. */
  private static List<RowRequest> rows() {
    List<int[]> prompts = TestEngines.prompts(31, ROWS, 5, 20);
    return IntStream.range(0, ROWS)
        .mapToObj(
            i ->
                new RowRequest(
                    i,
                    PromptTokens.of(prompts.get(i)),
                    i % 2 == 0 ? SamplingOptions.greedy(ALLOWANCE) : sampled(),
                    1000 + i,
                    (generated, count) -> i % 3 == 0 && count == 10 + i))
        .toList();
  }

  private static SamplingOptions sampled() {
    return new SamplingOptions(ALLOWANCE, 1.2, 0.9, 20, 1, 0, List.of(), true);
  }

  private static List<List<Integer>> texts(List<RowResult> results) {
    List<List<Integer>> texts = new ArrayList<>();
    for (RowResult result : results) {
      assertThat(result.reason())
          .isEqualTo(result.key() % 3 == 0 ? FinishReason.STOP : FinishReason.LENGTH);
      texts.add(IntStream.of(result.tokens()).boxed().toList());
    }
    return texts;
  }

  private static TestEngines.OptionsBuilder options() {
    return TestEngines.options(TestEngines.demoModel()).tileBytes(256 << 10).waveSize(8);
  }

  /** Prompts free their ids when they are read: a row that is put back has its own. */
  @Test
  void rowsThatArePutBackEndWithTheSameText() {
    List<List<Integer>> expected;
    try (Engine engine = Engine.start(options().build())) {
      expected = texts(TestEngines.run(engine, rows()));
      assertThat(engine.counters().putBackRows()).isZero();
      assertThat(engine.counters().resumedTokens()).isZero();
    }
    AtomicIntegerArray reads = new AtomicIntegerArray(ROWS);
    long least = TestEngines.leastHostMemory(options());
    try (Engine engine = Engine.start(options().hostMemory(least).build())) {
      assertThat(TestEngines.planned(engine, "KV pool", "tokens")).isLessThan(8 * ALLOWANCE);
      assertThat(texts(TestEngines.run(engine, counted(reads)))).isEqualTo(expected);

      EngineSnapshot done = engine.snapshot();
      long promptTokens = rows().stream().mapToLong(r -> r.prompt().length()).sum();
      long newTokens = expected.stream().mapToLong(List::size).sum();
      long resumed = engine.counters().resumedTokens();
      assertThat(engine.counters().putBackRows()).isPositive();
      assertThat(resumed).isPositive();
      assertThat(done.promptTokens()).isEqualTo(promptTokens);
      assertThat(done.newTokens()).isEqualTo(newTokens);
      assertThat(done.tokenSlots()).isEqualTo(promptTokens + newTokens - ROWS + resumed);
      assertThat(done.doneRows()).isEqualTo(ROWS);
      // Two full rows always fit: no row waits while the pool is idle.
      assertThat(done.sweeps()).isLessThan(newTokens);
    }
    for (int row = 0; row < ROWS; row++) {
      assertThat(reads.get(row)).as("reads of row %d", row).isEqualTo(1);
    }
  }

  /** The rows, with a count of how often each prompt is read. */
  private static List<RowRequest> counted(AtomicIntegerArray reads) {
    return rows().stream()
        .map(row -> new RowRequest(row.key(), counted(row, reads), row.ask()))
        .toList();
  }

  private static PromptTokens counted(RowRequest row, AtomicIntegerArray reads) {
    return new PromptTokens() {
      @Override
      public int length() {
        return row.prompt().length();
      }

      @Override
      public void copyTo(int[] target) {
        reads.incrementAndGet((int) row.key());
        row.prompt().copyTo(target);
      }
    };
  }

  /** A long row that comes last does not sweep alone when all others are done. */
  @Test
  void rowsThatMayBecomeLongestEnterFirst() {
    List<RowRequest> rows = new ArrayList<>();
    List<int[]> prompts = TestEngines.prompts(32, 31, 2, 6);
    for (int i = 0; i < 30; i++) {
      rows.add(TestEngines.request(i, prompts.get(i), 5));
    }
    rows.add(TestEngines.request(30, prompts.get(30), 60));
    try (Engine engine = Engine.start(options().waveSize(4).build())) {
      TestEngines.run(engine, rows);
      // In the order of their arrival it would be 97.
      assertThat(engine.snapshot().sweeps()).isBetween(60L, 75L);
    }
  }
}
