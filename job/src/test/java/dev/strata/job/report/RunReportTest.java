package dev.strata.job.report;

import static org.assertj.core.api.Assertions.assertThat;

import dev.strata.udfs.api.EngineMemory;
import dev.strata.udfs.api.EngineSnapshot;
import dev.strata.udfs.api.SweepTimes;
import dev.strata.udfs.page.Figures;
import dev.strata.udfs.spark.ErrorReasons;
import dev.strata.udfs.spark.RowCounts;
import dev.strata.udfs.spark.RunProgress;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;

class RunReportTest {

  @Test
  void summary() {
    EngineSnapshot engine =
        new EngineSnapshot(
            "a",
            3,
            61,
            0,
            12,
            0,
            0,
            298,
            0,
            20_000,
            4567,
            0,
            0,
            1_400_000_000L,
            1_430_000_000L,
            300_000_000L,
            1_200_000_000L,
            60_000_000L,
            12_000_000L,
            42_000_000_000L,
            12,
            0,
            0,
            3522L << 20,
            4159L << 20,
            SweepTimes.NONE,
            EngineMemory.NONE);
    RunProgress progress =
        new RunProgress(
            Map.of("a", engine),
            Map.of(0, new RowCounts(200, 1, 12_000, 3000), 1, new RowCounts(100, 1, 8000, 1567)));

    assertThat(new RunReport(progress, Duration.ofSeconds(4000), "/out").text().lines())
        .containsExactly(
            "300 rows in 1:06:40, 2 errors: /out",
            "  prompt tokens      20,000",
            "  new tokens         4,567 (109 per second)",
            "  sweeps             61",
            "  bytes read         1.43 GB (313 KB per new token)",
            "  experts used       300 MB of 1.20 GB (25 %), 60.0 MB of them in memory;"
                + " 12.0 MB read ahead in vain",
            "  low-margin tokens  12",
            "  device memory      3,522 MiB of the process, 4,159 MiB of the card, page tables"
                + " included");
  }

  /** Of several executors the card that had the most in use counts. */
  @Test
  void aProcessThatNvidiaSmiDoesNotFind() {
    RunProgress progress =
        new RunProgress(Map.of("a", onCard("a", 700, 900), "b", onCard("b", 0, 1234)), Map.of());
    assertThat(new RunReport(progress, Duration.ZERO, "/out").text().lines())
        .contains(
            "  device memory      1,234 MiB of the card, page tables included; nvidia-smi does"
                + " not find the process");
  }

  static EngineSnapshot onCard(String name, long process, long card) {
    return new EngineSnapshot(
        name,
        1,
        2,
        0,
        12,
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
        process << 20,
        card << 20,
        SweepTimes.NONE,
        EngineMemory.NONE);
  }

  @Test
  void errorsAreToldWithTheirReasons() {
    RunProgress progress =
        new RunProgress(
            Map.of("a", engine(5000)),
            Map.of(
                0, counts(10, 4567, "column 'text' is null", "column 'text' is null"),
                1, counts(10, 0, "the prompt has 9 tokens")));
    RunReport report = new RunReport(progress, Duration.ZERO, "/out");
    assertThat(report.text())
        .contains("  computed twice     433 tokens, lost with an executor")
        .endsWith(
            "  errors             2: column 'text' is null\n"
                + "                     1: the prompt has 9 tokens");
    assertThat(report.failure()).isEmpty();
  }

  @Test
  void everyRowFailsForOneReason() {
    RunReport report = allFailed(null, "the prompt has 9 tokens", "the prompt has 8 tokens");
    assertThat(report.failure()).contains("every row failed (2): such as: the prompt has 8 tokens");
    assertThat(allFailed(null, "the prompt has 9 tokens", "column 'text' is null").failure())
        .isEmpty();
    assertThat(allFailed(new RunReport.Reuse(1, false, ErrorReasons.NONE), "x", "x").failure())
        .isEmpty();
    assertThat(new RunReport(RunProgress.NONE, Duration.ZERO, "/out").failure()).isEmpty();
  }

  @Test
  void textsOfAnotherEncodingAreCounted() {
    RowCounts counts = new RowCounts(9, 0, 0, 0, 3, 0, 0, 0, 0, ErrorReasons.NONE);
    RunProgress progress = new RunProgress(Map.of(), Map.of(0, counts));
    assertThat(new RunReport(progress, Duration.ZERO, "/out").text())
        .contains("  not decoded        3 rows have U+FFFD where bytes were no text")
        .contains("--input-options encoding=");
  }

  private static RunReport allFailed(RunReport.Reuse reuse, String... errors) {
    RunProgress progress = new RunProgress(Map.of(), Map.of(0, counts(2, 0, errors)));
    return new RunReport(progress, Duration.ZERO, "/out", reuse, RunCourse.NONE);
  }

  static RowCounts counts(long done, long newTokens, String... errors) {
    ErrorReasons reasons = ErrorReasons.NONE;
    for (String error : errors) {
      reasons = reasons.plus(ErrorReasons.of(error));
    }
    return new RowCounts(done, errors.length, 0, newTokens, 0, 0, 0, 0, 0, reasons);
  }

  static EngineSnapshot engine(long newTokens) {
    return new EngineSnapshot(
        "a",
        1,
        2,
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

  @Test
  void nothingToDo() {
    assertThat(new RunReport(RunProgress.NONE, Duration.ofMillis(400), "/out").text())
        .startsWith("0 rows in 0:00, 0 errors: /out")
        .contains("  bytes read         0 B\n");
  }

  @Test
  void incrementalRuns() {
    RunReport.Reuse some = new RunReport.Reuse(1299, false, ErrorReasons.NONE);
    assertThat(new RunReport(RunProgress.NONE, Duration.ZERO, "/out", some, RunCourse.NONE).text())
        .startsWith("0 rows in 0:00, 0 errors: /out\n  rows kept          1,299\n  prompt");
    RunReport.Reuse all = new RunReport.Reuse(1300, true, ErrorReasons.NONE);
    assertThat(new RunReport(RunProgress.NONE, Duration.ZERO, "/out", all, RunCourse.NONE).text())
        .isEqualTo("nothing to do: all 1,300 rows are done, /out is unchanged");
  }

  @Test
  void figures() {
    assertThat(Figures.bytes(999)).isEqualTo("999 B");
    assertThat(Figures.bytes(999.9)).isEqualTo("1.00 KB");
    assertThat(Figures.bytes(23_081_472)).isEqualTo("23.1 MB");
    assertThat(Figures.rate(0.84)).isEqualTo("0.8");
    assertThat(Figures.rate(1240.4)).isEqualTo("1,240");
    assertThat(Figures.time(Duration.ofMillis(59_600))).isEqualTo("1:00");
  }
}
