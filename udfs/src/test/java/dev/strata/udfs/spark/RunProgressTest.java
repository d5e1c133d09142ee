package dev.strata.udfs.spark;

import static org.assertj.core.api.Assertions.assertThat;

import dev.strata.udfs.api.EngineMemory;
import dev.strata.udfs.api.EngineSnapshot;
import dev.strata.udfs.api.SweepTimes;
import org.junit.jupiter.api.Test;

class RunProgressTest {

  @Test
  void mergingTwiceCountsOnce() {
    RunProgress first = RunProgress.of(snapshot("a", 1, 10)).merge(rows(0, 5, 1));
    RunProgress second = RunProgress.of(snapshot("a", 2, 25)).merge(rows(0, 8, 2));
    RunProgress other = RunProgress.of(snapshot("b", 9, 100)).merge(rows(1, 3, 0));

    RunProgress all = first.merge(second).merge(other).merge(second).merge(first);

    assertThat(all.sum(EngineSnapshot::newTokens)).isEqualTo(125);
    assertThat(all.rows()).isEqualTo(new RowCounts(11, 2, 0, 0));
    assertThat(all)
        .isEqualTo(other.merge(second))
        .hasToString("11 rows (2 errors), 125 new tokens, 2 sweeps");
  }

  @Test
  void accumulatorOfARetriedTask() {
    EngineStats stats = new EngineStats();
    assertThat(stats.isZero()).isTrue();
    EngineStats failed = new EngineStats();
    failed.add(rows(0, 4, 0));
    EngineStats retried = new EngineStats();
    retried.add(rows(0, 9, 1));

    stats.merge(failed);
    stats.merge(retried);
    stats.merge(retried.copy());

    assertThat(stats.value().rows()).isEqualTo(new RowCounts(9, 1, 0, 0));
    stats.reset();
    assertThat(stats.isZero()).isTrue();
  }

  private static RunProgress rows(int partition, long done, long errors) {
    return RunProgress.of(partition, new RowCounts(done, errors, 0, 0));
  }

  private static EngineSnapshot snapshot(String engine, long sequence, long newTokens) {
    return new EngineSnapshot(
        engine,
        sequence,
        1,
        0,
        12,
        0,
        0,
        0,
        0,
        0,
        newTokens,
        0,
        0,
        0,
        0,
        0,
        0,
        0,
        0,
        0,
        0,
        0,
        0,
        0,
        0,
        SweepTimes.NONE,
        EngineMemory.NONE);
  }
}
