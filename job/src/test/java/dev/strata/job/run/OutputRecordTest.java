package dev.strata.job.run;

import static org.assertj.core.api.Assertions.assertThat;

import dev.strata.job.report.Environment;
import dev.strata.job.report.KeptRun;
import dev.strata.job.report.KeptRuns;
import dev.strata.job.report.PlannedEngine;
import dev.strata.job.report.RunReportJson;
import dev.strata.udfs.api.RunIdentity;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The record of a run in its output. */
class OutputRecordTest {

  private static final Configuration HADOOP = new Configuration(false);

  @TempDir Path output;

  private org.apache.hadoop.fs.Path place() {
    return new org.apache.hadoop.fs.Path(output.toString());
  }

  private void keep(String started) {
    RunReportJson json =
        new RunReportJson(
            "translate",
            Instant.parse(started),
            "in",
            output.toString(),
            Map.of("spark.strata.model", "m", "spark.hadoop.fs.s3a.secret.key", "s3cr3t"),
            () -> new RunIdentity("a", "b", "c"),
            new Environment("app", Map.of(), Map.of(), PlannedEngine.unknown("")),
            null);
    OutputRecord.keep(HADOOP, place(), json::running);
  }

  private KeptRuns read() throws IOException {
    return OutputRecord.in(HADOOP, place()).read();
  }

  @Test
  void whatWasKept() throws IOException {
    assertThat(read()).isEqualTo(KeptRuns.NONE);
    keep("2026-11-27T01:00:00Z");
    KeptRun run = read().last().orElseThrow();
    assertThat(run.command()).isEqualTo("translate");
    assertThat(run.model()).isEqualTo("m");
    assertThat(Files.readString(output.resolve("_strata_run"))).contains("\"a-b-c\"");
    assertThat(run.hiddenSettings()).containsExactly("spark.hadoop.fs.s3a.secret.key");
    assertThat(output.toFile().list())
        .as("no checksums beside them")
        .containsExactlyInAnyOrder("_strata_run", "_strata_report.html");
  }

  @Test
  void runsThatAddToAnOutput() throws IOException {
    keep("2026-11-25T01:00:00Z");
    keep("2026-11-26T01:00:00Z");
    keep("2026-11-27T01:00:00Z");
    KeptRuns runs = read();
    assertThat(runs.before())
        .extracting(KeptRun::started)
        .containsExactly(
            Instant.parse("2026-11-25T01:00:00Z"), Instant.parse("2026-11-26T01:00:00Z"));
    assertThat(runs.last().orElseThrow().started()).isEqualTo("2026-11-27T01:00:00Z");
    assertThat(output.resolve("_strata_report.html"))
        .content()
        .contains("started 27 Nov 2026, 01:00:00 UTC")
        .doesNotContain("s3cr3t");
    assertThat(output.resolve("_strata_report-20261126T010000Z.html"))
        .content()
        .contains("started 26 Nov 2026, 01:00:00 UTC");

    Path other = Files.createDirectory(output.resolve("other"));
    OutputRecord.keepThoseBefore(HADOOP, place(), new org.apache.hadoop.fs.Path(other.toString()));
    assertThat(other.toFile().list())
        .containsExactlyInAnyOrder(
            "_strata_run-20261125T010000Z",
            "_strata_report-20261125T010000Z.html",
            "_strata_run-20261126T010000Z",
            "_strata_report-20261126T010000Z.html");
  }

  @Test
  void aDamagedOneIsReplaced() throws IOException {
    Files.writeString(output.resolve("_strata_run"), "{");
    assertThat(read().damaged()).containsExactly("_strata_run");
    keep("2026-11-27T01:00:00Z");
    assertThat(read().damaged()).isEmpty();
    assertThat(output.toFile().list())
        .containsExactlyInAnyOrder("_strata_run", "_strata_report.html");
  }

  /** A run is as good without one. */
  @Test
  void aPlaceThatCannotBeWritten() throws IOException {
    Files.createDirectory(output.resolve("_strata_run"));
    keep("2026-11-27T01:00:00Z");
    assertThat(output.resolve("_strata_run")).isEmptyDirectory();
  }
}
