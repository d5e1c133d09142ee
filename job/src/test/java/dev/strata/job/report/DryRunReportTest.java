package dev.strata.job.report;

import static org.assertj.core.api.Assertions.assertThat;

import dev.strata.udfs.api.MachineRates;
import dev.strata.udfs.api.PlanPreview;
import dev.strata.udfs.spark.PromptCounts;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import org.junit.jupiter.api.Test;

class DryRunReportTest {

  /** 100 rows, 10 of which fail; prompts of 40 and 60 tokens, 10 new ones at most. */
  private static final PromptCounts SEEN =
      new PromptCounts(
          100,
          Map.of("column 'text' is null", 7L, "column 'text' is empty", 3L),
          4,
          4500,
          45 * 40.0 * 40 + 45 * 60.0 * 60,
          900,
          10,
          0,
          5310,
          69,
          0);

  @Test
  void counted() {
    assertThat(report(100, 1, true).text().lines())
        .containsExactly(
            "dry run: nothing was generated, nothing written",
            "  rows               100 of /in",
            "  partitions         2 on one executor",
            "  prompt tokens      4,500 (counted)",
            "  new tokens         90 to 900 (at most 10 a row)",
            "  not decoded        4 rows have U+FFFD where bytes were no text; if the input is not"
                + " UTF-8, set --input-options encoding=windows-1252 or what it is",
            "  rows that fail     10",
            "                     7: column 'text' is null",
            "                     3: column 'text' is empty",
            "  sweeps             2 to 25",
            "                     fewest: every row stops at its first token; most: none stops"
                + " early,",
            "                     which is new tokens / rows at once + tokens of the longest row",
            "  weights to stream  2.00 GB to 25.0 GB (1.00 GB a sweep)",
            "  time               0:20 to 4:10",
            "                     by 100 MB/s from the model's files and 50 tokens/s of products,"
                + " tried on the driver's machine; no attention",
            "  device             processor (--device cpu)",
            "  memory             500 MB outside the heap, 9,000 tokens kept for 64 rows at once",
            "  memory plan: all of it");
  }

  /** 2 sweeps read 1.4 GB and 25 read 10.6, at 100 MB/s. */
  @Test
  void weightsThatStayAreReadOnce() {
    assertThat(report(100, 1, place(true, null), 600_000_000).text().lines())
        .contains(
            "  weights to stream  2.00 GB to 25.0 GB (1.00 GB a sweep; 600 MB of it read only"
                + " once)",
            "  time               0:14 to 1:46");
  }

  @Test
  void sampledOnSeveralExecutorsWithGpus() {
    List<String> lines = report(10_000, 4, false).text().lines().toList();
    assertThat(lines)
        .contains("  partitions         2 on 4 executors")
        .contains("  new tokens         about 9,000 to 90,000 (at most 10 a row)")
        .contains("  rows that fail     10 of 100 seen")
        .contains(
            "  not decoded        4 rows of 100 seen have U+FFFD where bytes were no text; if the"
                + " input is not UTF-8, set --input-options encoding=windows-1252 or what it is")
        .contains("  sweeps             2 to 25 on each executor")
        .contains(
            "  weights to stream  8.00 GB to 100 GB (1.00 GB a sweep, all executors together)")
        .contains("  time               0:20 to 4:10, reading alone");
    assertThat(lines.get(3))
        .matches(
            "  prompt tokens      about 450,000, give or take [\\d,]+"
                + " \\(sampled: 100 of 10,000 rows\\)");
  }

  @Test
  void theTimeIsThatOfWhatWasTried() {
    assertThat(report(100, 1, place(true, "hdfs://nn/model")).text().lines())
        .contains(
            "  copied first       hdfs://nn/model, to each node that has no copy yet; the time of"
                + " that is not counted",
            "  time               0:04 to 0:20, products alone",
            "                     by 50 tokens/s of products, tried on the driver's machine; no"
                + " attention, no reads from the nodes' disks");
    assertThat(report(100, 1, place(false, "hdfs://nn/model")).text().lines())
        .contains("  time               unknown: neither a GPU nor the nodes' disks were tried");
  }

  private static DryRunReport.Place place(boolean onHost, String copiedFrom) {
    return new DryRunReport.Place(
        onHost,
        onHost ? "processor (--device cpu)" : "GPU (--device cuda)",
        Optional.ofNullable(copiedFrom));
  }

  private static DryRunReport report(long rows, int executors, boolean onHost) {
    return report(rows, executors, place(onHost, null));
  }

  private static DryRunReport report(long rows, int executors, DryRunReport.Place place) {
    return report(rows, executors, place, 0);
  }

  private static DryRunReport report(
      long rows, int executors, DryRunReport.Place place, long stayingBytes) {
    return new DryRunReport(
        "/in",
        rows,
        OptionalLong.empty(),
        2,
        executors,
        SEEN,
        new PlanPreview(
            64,
            64,
            1000,
            9000,
            8192,
            1,
            1_000_000_000,
            stayingBytes,
            0,
            500_000_000,
            List.of("memory plan: all of it")),
        new DryRunReport.Work(2, 25, 200, 1000),
        new MachineRates(place.copiedFrom().isEmpty() ? 1e8 : 0, 0, place.onHost() ? 2e-11 : 0),
        place);
  }
}
