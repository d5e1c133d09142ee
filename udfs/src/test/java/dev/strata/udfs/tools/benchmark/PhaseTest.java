package dev.strata.udfs.tools.benchmark;

import static dev.strata.udfs.tools.benchmark.Sweeps.figures;
import static dev.strata.udfs.tools.benchmark.Sweeps.span;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.strata.udfs.engine.LaneKind;
import dev.strata.udfs.engine.SweepFigures;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class PhaseTest {

  private final LimitModel limits =
      new LimitModel(Sweeps.model(), Sweeps.rates(1e6, 4e6, 2e6, 1e6, 1e9), false);

  private static List<Sweep> sweeps(SweepFigures... figures) {
    return Stream.of(figures).map(f -> new Sweep(f, 0)).toList();
  }

  @Test
  void prefillIsEverySweepWithPromptsAndDecodeTheFullWave() {
    List<Sweep> all =
        sweeps(
            figures(8, 64, 0, 500),
            figures(8, 40, 8, 700),
            figures(8, 0, 8, 400),
            figures(8, 0, 8, 200),
            figures(8, 0, 8, 300),
            figures(2, 0, 2, 100));
    Phase prefill = Phase.prefill(all, Sweeps.model(), limits);
    assertThat(prefill.sweeps()).hasSize(2);
    assertThat(prefill.tokensPerSecond()).isCloseTo(104 / 1.2, within(1e-9));

    Phase decode = Phase.decode(all, Sweeps.model(), limits);
    assertThat(decode.sweeps()).hasSize(3);
    assertThat(decode.rows()).isEqualTo(8);
    assertThat(decode.medianSeconds()).isEqualTo(0.3);
    assertThat(decode.leastSeconds()).isEqualTo(0.2);
    assertThat(decode.tokensPerSecond()).isCloseTo(24 / 0.9, within(1e-9));
    assertThat(decode.limit().seconds()).isEqualTo(0.25);
    assertThat(decode.partOfLimit()).isCloseTo(3 * 0.25 / 0.9, within(1e-9));
  }

  @Test
  void aTracedSweepCountsOnlyWhereThereIsNoOther() {
    Sweep traced = new Sweep(Sweeps.traced(900, span(LaneKind.COMPUTE, "UP", 0, 900)), 0);
    Sweep other = new Sweep(figures(8, 0, 8, 400), 0);
    Phase both = Phase.decode(List.of(other, traced), Sweeps.model(), limits);
    assertThat(both.medianSeconds()).isEqualTo(0.4);
    assertThat(both.traced()).isEqualTo(traced);
    Phase alone = Phase.decode(List.of(traced), Sweeps.model(), limits);
    assertThat(alone.medianSeconds()).isEqualTo(0.9);
    assertThat(Phase.prefill(List.of(traced), Sweeps.model(), limits).isEmpty()).isTrue();
  }

  @Test
  void workThatOverlapsCountsOnceAndTheRestIsWaiting() {
    Sweep sweep =
        new Sweep(
            Sweeps.traced(
                100,
                span(LaneKind.DISK, "UP", -5, 10), // began in the sweep before
                span(LaneKind.DISK, "DOWN", 5, 20),
                span(LaneKind.DISK, "DOWN", 6, 8),
                span(LaneKind.DISK, "UP", 50, 60),
                span(LaneKind.COMPUTE, "UP", 90, 100)),
            0);
    assertThat(sweep.times(LaneKind.DISK)).isEqualTo(new LaneTimes(LaneKind.DISK, 30, 70));
    assertThat(sweep.times(LaneKind.COMPUTE)).isEqualTo(new LaneTimes(LaneKind.COMPUTE, 10, 90));
    assertThat(sweep.times(LaneKind.KV)).isEqualTo(new LaneTimes(LaneKind.KV, 0, 100));
  }

  @Test
  void theFirstTwoPrefillsAndAFullWaveAreTraced() {
    SweepLog log = new SweepLog();
    assertThat(log.traces(0)).isFalse();
    log.start(300, 6);
    for (int i = 0; i < 3; i++) {
      assertThat(log.traces(i)).isEqualTo(i < 2);
      log.sweepEnded(figures(4, 100, i == 2 ? 4 : 0, 10));
    }
    for (int i = 0; i < 5; i++) {
      assertThat(log.traces(3 + i)).isEqualTo(i == 2);
      log.sweepEnded(figures(4, 0, 4, 10));
    }
    assertThat(log.stop()).hasSize(8);
    log.sweepEnded(figures(1, 0, 1, 10));
    assertThat(log.stop()).hasSize(8);
  }
}
