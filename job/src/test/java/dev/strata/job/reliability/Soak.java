package dev.strata.job.reliability;

import static org.assertj.core.api.Assertions.assertThat;

import dev.strata.job.CommandResult;
import dev.strata.job.Demo;
import dev.strata.job.TestSession;
import dev.strata.job.cli.SubmittedCommand;
import dev.strata.udfs.spark.Strata;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.commons.io.FileUtils;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.Test;

/**
 * One process that works for an hour: on queries of a session that share an engine, on queries each
 * of which has an engine of its own, and on commands, each of which has a session and a journal of
 * its own. What the process holds is taken down every half minute or so, in {@code
 * target/reliability}.
 *
 * <p>{@code -Dstrata.soak.minutes} is how long all three take, 60 unless set.
 */
class Soak {

  private static final Path DIRECTORY = Demo.ROOT.resolve("target/reliability");
  private static final Duration THIRD =
      Duration.ofSeconds(60L * Integer.getInteger("strata.soak.minutes", 60) / 3);

  private static final int NOTES = 30;

  /** Threads and files of pools that come and go. */
  private static final int SOME = 16;

  private static final int KIB = 1024;

  /** Spark remembers what it did, up to some number of each; so the number is soon reached. */
  private static final Map<String, String> SHORT_MEMORY =
      Map.of(
          "spark.ui.retainedJobs", "5",
          "spark.ui.retainedStages", "5",
          "spark.ui.retainedTasks", "20",
          "spark.sql.ui.retainedExecutions", "5",
          "spark.ui.dagGraph.retainedRootRDDs", "5",
          "spark.worker.cleanup.enabled", "true");

  private interface Work {

    void run() throws Exception;
  }

  @Test
  void queriesThatShareAnEngineHoldNoMoreAndMore() throws Exception {
    requireLevel(queries("queries", "10m", 0));
  }

  @Test
  void enginesLeaveNothingBehind() throws Exception {
    requireLevel(queries("engines", "100ms", 400));
  }

  /**
   * Without the heap: of each session that ends within a process, Spark 4.2 keeps what its executor
   * knew (a static map in {@code IsolatedSessionState}), which is a megabyte.
   */
  @Test
  void commandsLeaveNoThreadsAndFiles() throws Exception {
    Path output = DIRECTORY.resolve("soak-rows");
    List<Holdings> all =
        soak(
            "commands",
            () -> {
              FileUtils.deleteDirectory(output.toFile());
              CommandResult result =
                  SubmittedCommand.run(
                      SHORT_MEMORY,
                      Demo.translation(output, "--host-memory", "512m", "--max-new-tokens", "16"));
              assertThat(result.exitCode()).as("%s", result.err()).isZero();
            });
    requireNoHandles(early(all), late(all));
  }

  private static List<Holdings> queries(String name, String idleTimeout, long pauseMillis)
      throws Exception {
    SparkSession.Builder builder = TestSession.local(2);
    SHORT_MEMORY.forEach(builder::config);
    SparkSession session = builder.getOrCreate();
    try {
      Dataset<Row> rows =
          session.read().json(Demo.ROOT.resolve("datasets/sentences.json").toString()).cache();
      Strata model =
          Strata.on(session)
              .model(Demo.MODEL.toString())
              .textColumn("text")
              .set("hostMemory", "512m")
              .set("idleTimeout", idleTimeout)
              .set("maxNewTokens", 16)
              .set("toLanguage", "French");
      return soak(
          name,
          () -> {
            model.translate(rows).write().format("noop").mode("overwrite").save();
            Thread.sleep(pauseMillis);
          });
    } finally {
      session.stop();
    }
  }

  private static List<Holdings> soak(String name, Work work) throws Exception {
    Path file = DIRECTORY.resolve("soak-" + name + ".csv");
    Files.createDirectories(DIRECTORY);
    Files.writeString(file, "runs," + Holdings.HEADER + "\n");
    List<Holdings> all = new ArrayList<>();
    long start = System.nanoTime();
    long next = start;
    for (int runs = 1; System.nanoTime() - start < THIRD.toNanos(); runs++) {
      work.run();
      if (System.nanoTime() >= next) {
        next += THIRD.toNanos() / NOTES;
        all.add(Holdings.now());
        note(file, runs + "," + all.get(all.size() - 1).csv());
      }
    }
    System.out.printf("%s%n%s%n%s%n", Holdings.HEADER, early(all).csv(), late(all).csv());
    return all;
  }

  /** What was held before the middle, when all had been done many times. */
  private static Holdings early(List<Holdings> all) {
    return Holdings.median(all.subList(all.size() / 3, all.size() / 2));
  }

  private static Holdings late(List<Holdings> all) {
    return Holdings.median(all.subList(all.size() * 5 / 6, all.size()));
  }

  private static void requireLevel(List<Holdings> all) {
    Holdings early = early(all);
    Holdings late = late(all);
    requireNoHandles(early, late);
    assertThat(late.heap()).as("heap").isLessThan(early.heap() * 105 / 100);
    assertThat(late.resident()).as("resident memory").isLessThan(early.resident() * 105 / 100);
  }

  private static void requireNoHandles(Holdings early, Holdings late) {
    assertThat(late.threads()).as("threads").isLessThanOrEqualTo(early.threads() + SOME);
    assertThat(late.files()).as("open files").isLessThanOrEqualTo(early.files() + SOME);
    assertThat(late.direct()).as("direct memory").isLessThanOrEqualTo(early.direct() + KIB);
  }

  private static void note(Path file, String line) throws IOException {
    Files.writeString(file, line + "\n", StandardOpenOption.APPEND);
  }
}
