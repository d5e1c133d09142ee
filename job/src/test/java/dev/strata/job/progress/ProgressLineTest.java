package dev.strata.job.progress;

import static org.assertj.core.api.Assertions.assertThat;

import dev.strata.udfs.api.EngineMemory;
import dev.strata.udfs.api.EngineSnapshot;
import dev.strata.udfs.api.SweepTimes;
import dev.strata.udfs.spark.RowCounts;
import dev.strata.udfs.spark.RunProgress;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

class ProgressLineTest {

  private static final RunProgress ONE =
      new RunProgress(
          Map.of("a", engine("a", 36, 8)), Map.of(0, new RowCounts(216, 2, 10_000, 5000)));

  private static final Optional<Duration> TO_GO = Optional.of(Duration.ofSeconds(51));

  @Test
  void wholeLine() {
    assertThat(render(ONE, OptionalLong.of(400), 120))
        .isEqualTo(
            "216 of 400 rows (2 failed) · 0:51 to go · 1,240 tok/s · 64 active, 120 waiting ·"
                + " sweep 37 · layer 9/12");
  }

  @Test
  void narrowTerminalKeepsWhatMatters() {
    assertThat(render(ONE, OptionalLong.of(400), 60))
        .isEqualTo("216 of 400 rows (2 failed) · 0:51 to go · 1,240 tok/s");
    assertThat(render(ONE, OptionalLong.of(400), 3)).isEqualTo("216 of 400 rows (2 failed)");
  }

  @Test
  void beforeAnythingIsKnown() {
    assertThat(render(RunProgress.NONE, OptionalLong.empty(), 80))
        .isEqualTo("0 rows · 0:51 to go · 1,240 tok/s · starting");
  }

  @Test
  void severalEngines() {
    RunProgress two =
        new RunProgress(Map.of("a", engine("a", 3, 12), "b", engine("b", 4, 0)), Map.of());
    assertThat(render(two, OptionalLong.of(9), 120))
        .isEqualTo(
            "0 of 9 rows · 0:51 to go · 1,240 tok/s · 128 active, 240 waiting · 2 engines, sweep 7"
                + " together");
  }

  @Test
  void headCountsAsTheLastLayer() {
    RunProgress head = new RunProgress(Map.of("a", engine("a", 0, 12)), Map.of());
    assertThat(render(head, OptionalLong.empty(), 120)).endsWith("layer 12/12");
  }

  @Test
  void speedIsMeasuredBetweenReports() {
    Speed speed = new Speed(Duration.ofSeconds(10));
    assertThat(speed.perSecond()).isZero();
    speed.read(0, 0);
    speed.read(1_000_000_000L, 0);
    speed.read(3_000_000_000L, 100);
    speed.read(4_000_000_000L, 100);
    assertThat(speed.perSecond()).isEqualTo(50);
    speed.read(21_000_000_000L, 1900);
    assertThat(speed.perSecond()).isEqualTo(100);
  }

  @Test
  void aBarHasNoMoreThanItsWidth() {
    assertThat(ProgressBar.of(0, 10)).isEqualTo("[>         ]");
    assertThat(ProgressBar.of(0.55, 10)).isEqualTo("[=====>    ]");
    assertThat(ProgressBar.of(1, 10)).isEqualTo("[==========]");
    assertThat(ProgressBar.of(1.5, 10)).isEqualTo("[==========]");
  }

  @Test
  void fewEnginesHaveALineEach() {
    Map<String, String> executors = Map.of("a", "1", "b", "0");
    RunProgress two =
        new RunProgress(Map.of("a", engine("a", 3, 6), "b", engine("b", 40, 12)), Map.of());
    assertThat(EngineLines.render(two, executors, 120))
        .containsExactly(
            "  executor 0: [============] layer 12/12 · sweep 41 · 64 active, 120 waiting ·"
                + " 0 tokens",
            "  executor 1: [======>     ] layer 7/12 · sweep 4 · 64 active, 120 waiting ·"
                + " 0 tokens");
    assertThat(EngineLines.render(two, executors, 50))
        .contains("  executor 1: [======>     ] layer 7/12 · sweep 4");
    assertThat(EngineLines.render(two, executors, 20)).allMatch(line -> line.length() == 20);
    assertThat(EngineLines.render(ONE, executors, 120)).isEmpty();
    Map<String, EngineSnapshot> many = new HashMap<>();
    for (int i = 0; i < 5; i++) {
      many.put("e" + i, engine("e" + i, 1, 1));
    }
    assertThat(EngineLines.render(new RunProgress(many, Map.of()), executors, 120)).isEmpty();
  }

  @Test
  void linesAreRewrittenWhereTheyAre() {
    Redrawing redrawing = new Redrawing();
    assertThat(redrawing.of(List.of("a", "b", "c"))).isEqualTo("\ra\033[K\nb\033[K\nc\033[K\033[J");
    assertThat(redrawing.of(List.of("d"))).as("two up").isEqualTo("\r\033[2Ad\033[K\033[J");
    assertThat(redrawing.of(List.of("e", "f"))).isEqualTo("\re\033[K\nf\033[K\033[J");
    assertThat(redrawing.end()).isEqualTo("\r\033[1A\033[J");
  }

  private static String render(RunProgress progress, OptionalLong total, int width) {
    return ProgressLine.render(progress, progress.engines().size(), total, 1240, TO_GO, width);
  }

  private static EngineSnapshot engine(String name, long sweeps, int layer) {
    return new EngineSnapshot(
        name,
        1,
        sweeps,
        layer,
        12,
        64,
        120,
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
        0,
        0,
        0,
        0,
        SweepTimes.NONE,
        EngineMemory.NONE);
  }
}
