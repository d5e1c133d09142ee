package dev.strata.udfs.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.strata.udfs.api.SweepTimes;
import dev.strata.udfs.concurrent.Activity;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Where sweeps' time goes, by spans that are made up. */
class SweepClockTest {

  private static final long START = 1_000;

  private final ReadLog reads = new ReadLog(EngineListener.NONE, new Activity());

  private static Span span(LaneKind lane, long start, long end) {
    return new Span(lane, "work", START + start, START + end);
  }

  /** Kernels before copies before reads, and each time once. */
  @Test
  void whatWorksFurtherOnHasTheTime() {
    List<Span> spans =
        List.of(
            span(LaneKind.DISK, -50, 40),
            span(LaneKind.DISK, 20, 60),
            span(LaneKind.COPY, 30, 50),
            span(LaneKind.KV, 45, 55),
            span(LaneKind.COMPUTE, 70, 90),
            span(LaneKind.DISK, 80, 200));
    SweepTimes times = new SweepClock(true, reads).sweepEnded(true, START, 100, spans);
    // reads: 0-60 and 80-100; copies, KV: 30-55; kernels: 70-90
    assertThat(times).isEqualTo(new SweepTimes(45, 25, 30, 80));
  }

  @Test
  void anUntracedSweepIsLikeTheLastTracedOneOfItsKind() {
    SweepClock clock = new SweepClock(true, reads);
    clock.sweepEnded(true, START, 100, List.of(span(LaneKind.COMPUTE, 0, 100)));
    clock.sweepEnded(
        false, START, 100, List.of(span(LaneKind.DISK, 0, 100), span(LaneKind.COMPUTE, 80, 100)));
    assertThat(clock.sweepEnded(false, START, 1000, List.of()))
        .isEqualTo(new SweepTimes(800, 0, 200, 1000));
    assertThat(clock.sweepEnded(true, START, 50, List.of()))
        .isEqualTo(new SweepTimes(0, 0, 50, 50));
  }

  @Test
  void theFirstOfEachKindIsTracedAndThenOnePartInTwenty() {
    SweepClock clock = new SweepClock(true, reads);
    assertThat(clock.traces(true)).isTrue();
    clock.sweepEnded(true, START, 10, List.of(span(LaneKind.COMPUTE, 0, 10)));
    assertThat(clock.traces(true)).isFalse();
    assertThat(clock.traces(false)).isTrue();
    clock.sweepEnded(false, START, 10, List.of(span(LaneKind.COMPUTE, 0, 10)));
    for (int sweep = 0; sweep < 38; sweep++) {
      assertThat(clock.traces(false)).as("sweep %d", sweep).isFalse();
      clock.sweepEnded(false, START, 10, List.of());
    }
    clock.sweepEnded(false, START, 10, List.of());
    assertThat(clock.traces(false)).isTrue();
  }

  @Test
  void onTheHostTheWaitIsMeasuredAndNothingTraced() {
    SweepClock clock = new SweepClock(false, reads);
    assertThat(clock.traces(true)).isFalse();
    clock.sweepStarted();
    clock.waited(30);
    clock.waited(10);
    assertThat(clock.sweepEnded(true, START, 100, List.of()))
        .isEqualTo(new SweepTimes(40, 0, 60, 60));
    clock.sweepStarted();
    assertThat(clock.sweepEnded(false, START, 100, List.of()))
        .as("a wait of the sweep before")
        .isEqualTo(new SweepTimes(0, 0, 100, 100));
  }

  /** Reads beside each other count once, and what was read longer than computed is the limit. */
  @Test
  void readsLimitWhereTheyTakeLonger() throws InterruptedException {
    SweepClock clock = new SweepClock(false, reads);
    clock.sweepStarted();
    long started = System.nanoTime();
    reads.readStarted(0);
    reads.readStarted(1);
    Thread.sleep(20);
    reads.readEnded(0, 1);
    Thread.sleep(20);
    reads.readEnded(1, 1);
    long read = System.nanoTime() - started;
    clock.waited(read);
    SweepTimes times = clock.sweepEnded(false, started, read + 1000, List.of());
    assertThat(times.limitNanos()).isBetween(40_000_000L, read + 1000);
    assertThat(times.diskNanos()).isEqualTo(read);
  }
}
