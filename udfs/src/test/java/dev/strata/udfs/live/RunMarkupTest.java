package dev.strata.udfs.live;

import static org.assertj.core.api.Assertions.assertThat;

import dev.strata.udfs.api.EngineMemory;
import dev.strata.udfs.api.EngineSnapshot;
import dev.strata.udfs.api.SweepTimes;
import dev.strata.udfs.spark.ErrorReasons;
import dev.strata.udfs.spark.RowCounts;
import dev.strata.udfs.spark.RunProgress;
import dev.strata.udfs.spark.TasksUnderWay;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.apache.spark.util.kvstore.InMemoryStore;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What the tab shows of figures that are made up. */
@Timeout(60)
class RunMarkupTest {

  private static EngineFigures engine(int number) {
    return new EngineFigures(
        Integer.toString(number),
        "m@" + number,
        number == 3,
        17,
        4,
        80,
        64,
        100,
        5000,
        1000,
        1L << 40,
        new SweepTimes(25, 25, 50, 80),
        new EngineMemory(1L << 30, 4L << 30, 3L << 30, 4L << 30),
        20,
        40);
  }

  private static RunFigures run(
      long number, RunState state, int engines, Map<String, Long> errors) {
    WorkFigures work =
        new WorkFigures(100, 3, 500, 1000, 17, 1L << 40, new SweepTimes(25, 25, 50, 80), 20, 40);
    return new RunFigures(
        number,
        List.of("m"),
        state,
        1_700_000_000_000L,
        1_700_000_060_000L,
        400,
        180_000,
        work,
        errors,
        IntStream.rangeClosed(1, engines).mapToObj(RunMarkupTest::engine).toList());
  }

  private static String html(RunFigures run, int page, boolean refreshes) {
    RunView view = RunView.of(run).next(run);
    return new RunMarkup(view, List.of(view), page, refreshes).markup().html();
  }

  @Test
  void aRunThatGoesOnHasAllItsFigures() {
    assertThat(html(run(5, RunState.RUNNING, 3, Map.of("the prompt has # tokens", 3L)), 1, true))
        .contains("Run 5, running: m")
        .contains(">100 of 400<")
        .contains("rows, 3 of them failed; 192 in waves, 300 waiting")
        .contains("tokens per second, 50 % of the 40 possible")
        .contains(">1:00<")
        .contains(", about 3:00 to go")
        .contains(">4/80<")
        .containsPattern(">25 %<.*>25 %<.*>50 %<")
        .contains("3.22 GB of 4.29 GB")
        .contains("3, lost")
        .contains("the prompt has # tokens")
        .contains("http-equiv=\"refresh\" content=\"5\"");
  }

  @Test
  void whoWantsItStillHasItStill() {
    assertThat(html(run(5, RunState.RUNNING, 1, Map.of()), 1, false)).doesNotContain("http-equiv");
    assertThat(html(run(5, RunState.DONE, 1, Map.of()), 1, true)).doesNotContain("http-equiv");
  }

  /** Hundreds of executors are on pages, each of which is small. */
  @Test
  void aPageIsSmallWhereExecutorsAreMany() {
    RunFigures many = run(5, RunState.RUNNING, 320, Map.of());
    RunView view = RunView.of(many);
    for (int minute = 1; minute < 500; minute++) {
      view = view.next(later(many, 60_000L * minute));
    }
    String first = new RunMarkup(view, List.of(view), 1, true).markup().html();
    String last = new RunMarkup(view, List.of(view), 7, true).markup().html();
    assertThat(first.length()).isBetween(20_000, 250_000);
    assertThat(first).contains("of executor 50<").doesNotContain("of executor 51<");
    assertThat(first).contains("?run=5&amp;page=7");
    assertThat(last).contains("of executor 320<").doesNotContain("of executor 300<");
    assertThat(new RunMarkup(view, List.of(view), 999_999_999, true).markup().html())
        .as("a page that is not there")
        .doesNotContain("of executor 320<");
  }

  private static RunFigures later(RunFigures run, long millis) {
    return new RunFigures(
        run.run(),
        run.models(),
        run.state(),
        run.started(),
        run.started() + millis,
        run.expectedRows(),
        run.toGoMillis(),
        run.work(),
        run.errors(),
        run.engines());
  }

  /** Nothing of a row's own is left in what its error says. */
  @Test
  void errorsAreKnownByWhatTheyHaveInCommon() {
    ErrorReasons reasons =
        ErrorReasons.of(
            Stream.of(
                "top_k is 'call me at noon'; it must be a whole number",
                "top_k is 'never'; it must be a whole number",
                "the prompt cannot be made: no method shout of My secret diary",
                "the prompt cannot be made: no method cry of Another diary"));
    assertThat(ErrorKinds.of(reasons))
        .isEqualTo(
            Map.of("top_k is #; it must be a whole number", 2L, "the prompt cannot be made", 2L));
  }

  @Test
  void valuesOfACourseAreBoundedAndEven() {
    Series series = Series.NONE;
    for (int second = 1; second <= 100_000; second++) {
      series = series.with(second * 1000L, second);
      assertThat(series.values().size()).isLessThanOrEqualTo(120);
    }
    double[] values = series.array();
    assertThat(values.length).isGreaterThan(50);
    for (int i = 2; i < values.length; i++) {
      assertThat(values[i] - values[i - 1]).as("step %d", i).isEqualTo(values[1] - values[0]);
    }
  }

  @Test
  void theStoreKeepsTheLatestRuns() {
    RunStore store = new RunStore(new InMemoryStore());
    LongStream.rangeClosed(1, 250)
        .forEach(
            number -> {
              store.put(run(number, RunState.RUNNING, 1, Map.of()));
              store.put(run(number, RunState.DONE, 1, Map.of()));
            });
    assertThat(store.all()).extracting(RunView::id).hasSize(100).startsWith(250L, 249L);
    assertThat(store.find(151)).isPresent();
    assertThat(store.find(150)).isEmpty();
  }

  @Test
  void messagesComeAsTheyWent() {
    ErrorReasons reasons = ErrorReasons.of(Stream.of("a 'x' <b> \"c\" \u00e9", "d 7", "d 8"));
    RowCounts counts = new RowCounts(9, 3, 5, 6, 1, 2, 3, 4, 5, reasons);
    EngineSnapshot snapshot =
        new EngineSnapshot(
            "m@1",
            1,
            2,
            3,
            4,
            5,
            6,
            7,
            8,
            9,
            10,
            11,
            12,
            13,
            14,
            15,
            16,
            23,
            24,
            17,
            18,
            19,
            20,
            21,
            22,
            SweepTimes.NONE,
            EngineMemory.NONE);
    RunProgress progress = new RunProgress(Map.of("m@1", snapshot), Map.of(3, counts));
    ProgressMessage message =
        new ProgressMessage("12", List.of(new TasksUnderWay.Report(4, 2, progress)));
    assertThat(ProgressMessage.of(message.text())).isEqualTo(message);
  }
}
