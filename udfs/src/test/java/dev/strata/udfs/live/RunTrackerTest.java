package dev.strata.udfs.live;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.strata.udfs.api.EngineMemory;
import dev.strata.udfs.api.EngineSnapshot;
import dev.strata.udfs.api.SweepTimes;
import dev.strata.udfs.spark.RowCounts;
import dev.strata.udfs.spark.RunProgress;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** A run from reports that come as they please. */
class RunTrackerTest {

  private static final long SECOND = 1_000_000_000;

  private final RunTracker run = new RunTracker(7, 1000, 0);

  private static EngineSnapshot engine(
      String name, long sequence, long tokens, long busySeconds, int active) {
    long busy = busySeconds * SECOND;
    return new EngineSnapshot(
        name,
        sequence,
        sequence,
        3,
        12,
        active,
        5,
        0,
        0,
        10 * tokens,
        tokens,
        0,
        0,
        0,
        100 * tokens,
        0,
        0,
        0,
        0,
        busy,
        0,
        0,
        0,
        0,
        0,
        new SweepTimes(busy / 2, 0, busy - busy / 2, busy * 4 / 5),
        new EngineMemory(1, 2, 3, 4));
  }

  private static RunProgress progress(EngineSnapshot engine, int partition, long done) {
    return new RunProgress(
        Map.of(engine.engine(), engine), Map.of(partition, new RowCounts(done, 0, 0, 0)));
  }

  private RunFigures figures() {
    return run.figures(executor -> false, 9000, 30 * SECOND);
  }

  @Test
  void reportsThatComeTwiceOrLateCountOnce() {
    run.hear("1", 4, progress(engine("m@a", 2, 40, 4, 8), 0, 6), SECOND);
    RunFigures before = figures();
    run.hear("1", 4, progress(engine("m@a", 1, 10, 1, 8), 0, 2), 2 * SECOND);
    run.hear("1", 4, progress(engine("m@a", 2, 40, 4, 8), 0, 6), 3 * SECOND);
    assertThat(figures()).isEqualTo(before);
    assertThat(before.work().rows()).isEqualTo(6);
    assertThat(before.work().newTokens()).isEqualTo(40);
    assertThat(before.work().sweeps()).isEqualTo(2);
    assertThat(before.work().readBytes()).isEqualTo(4000);
    assertThat(before.models()).containsExactly("m");
    assertThat(before.engines().get(0).sweep()).as("the third goes on").isEqualTo(3);
    assertThat(before.engines().get(0).layer()).as("counted from 1").isEqualTo(4);
  }

  @Test
  void theSpeedIsThatOfLate() {
    run.hear("1", 4, progress(engine("m@a", 1, 100, 10, 8), 0, 1), SECOND);
    run.hear("1", 4, progress(engine("m@a", 2, 120, 11, 8), 0, 2), 20 * SECOND);
    run.hear("1", 4, progress(engine("m@a", 3, 160, 12, 8), 0, 3), 30 * SECOND);
    EngineFigures engine = figures().engines().get(0);
    assertThat(engine.tokensPerSecond()).isCloseTo(40, within(1e-9));
    assertThat(engine.limitPerSecond()).isCloseTo(50, within(1e-9));
    run.hear("2", 4, progress(engine("m@b", 1, 50, 5, 8), 1, 3), 31 * SECOND);
    assertThat(figures().work().tokensPerSecond()).isCloseTo(50, within(1e-9));
  }

  @Test
  void whereNothingIsGeneratedTokensOfPromptsCount() {
    EngineSnapshot reads =
        new EngineSnapshot(
            "m@a",
            1,
            1,
            0,
            12,
            8,
            0,
            0,
            0,
            300,
            0,
            0,
            0,
            0,
            0,
            0,
            0,
            0,
            0,
            3 * SECOND,
            0,
            0,
            0,
            0,
            0,
            new SweepTimes(0, 0, 3 * SECOND, 2 * SECOND),
            EngineMemory.NONE);
    run.hear("1", 4, progress(reads, 0, 1), SECOND);
    assertThat(figures().work().tokensPerSecond()).isCloseTo(100, within(1e-9));
    assertThat(figures().work().limitPerSecond()).isCloseTo(150, within(1e-9));
    run.end(true, 5000);
    assertThat(figures().work().tokensPerSecond()).isCloseTo(100, within(1e-9));
  }

  /** What it did counts, and it has no rows any more. */
  @Test
  void anExecutorThatIsLostDoesNothing() {
    run.hear("10", 4, progress(engine("m@a", 1, 100, 10, 8), 0, 1), SECOND);
    run.hear("9", 4, progress(engine("m@b", 1, 100, 10, 8), 1, 1), SECOND);
    RunFigures left = run.figures("10"::equals, 9000, 30 * SECOND);
    assertThat(left.engines()).extracting(EngineFigures::executor).containsExactly("9", "10");
    assertThat(left.engines()).extracting(EngineFigures::isGone).containsExactly(false, true);
    assertThat(left.engines()).extracting(EngineFigures::active).containsExactly(8, 0);
    assertThat(left.work().newTokens()).isEqualTo(200);
    assertThat(left.work().tokensPerSecond()).isCloseTo(10, within(1e-9));
  }

  @Test
  void aRunEndsWithItsJobAndGoesOnWithTheNext() {
    run.hear("1", 4, progress(engine("m@a", 1, 100, 10, 8), 0, 1), SECOND);
    run.expect(10);
    assertThat(figures().state()).isEqualTo(RunState.RUNNING);
    assertThat(run.figures(executor -> false, 9000, 2 * SECOND).toGoMillis())
        .as("nine rows, a second each, of which one is over")
        .isEqualTo(8000);
    run.end(false, 5000);
    assertThat(figures().state()).isEqualTo(RunState.FAILED);
    assertThat(figures().seen()).isEqualTo(5000);
    assertThat(figures().toGoMillis()).isNegative();
    assertThat(figures().engines().get(0).active()).isZero();
    run.hear("1", 4, progress(engine("m@a", 2, 110, 11, 8), 0, 2), 6 * SECOND);
    assertThat(figures().state())
        .as("a late report of the stage that ended")
        .isEqualTo(RunState.FAILED);
    run.hear("1", 5, progress(engine("m@a", 3, 120, 12, 8), 1, 2), 7 * SECOND);
    assertThat(figures().state()).isEqualTo(RunState.RUNNING);
  }
}
