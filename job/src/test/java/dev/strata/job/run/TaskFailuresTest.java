package dev.strata.job.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.strata.udfs.api.Sha256;
import dev.strata.udfs.journal.Attempt;
import dev.strata.udfs.journal.Buckets;
import dev.strata.udfs.journal.Journal;
import dev.strata.udfs.journal.RowEntry;
import dev.strata.udfs.journal.RowKey;
import dev.strata.udfs.spark.RunJournal;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.ExceptionFailure;
import org.apache.spark.ExecutorLostFailure;
import org.apache.spark.SparkConf;
import org.apache.spark.SparkContext;
import org.apache.spark.SparkException;
import org.apache.spark.TaskEndReason;
import org.apache.spark.scheduler.SparkListenerTaskEnd;
import org.apache.spark.scheduler.TaskInfo;
import org.apache.spark.scheduler.TaskLocality;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import scala.Option;

class TaskFailuresTest {

  private static SparkContext context;

  private long progress;
  @TempDir private Path directory;

  private final Configuration hadoop = new Configuration(false);
  private TaskFailures failures;

  @BeforeEach
  void watch() {
    Continuation journal =
        new Continuation(new RunJournal(directory.toString(), Duration.ofSeconds(5)), hadoop);
    failures = new TaskFailures(context, () -> progress, journal.partitions("app-1"));
  }

  @BeforeAll
  static void start() {
    context =
        new SparkContext(
            new SparkConf(false)
                .setMaster("local[1]")
                .setAppName("failures")
                .set("spark.ui.enabled", "false"));
  }

  @AfterAll
  static void stop() {
    context.stop();
  }

  private void end(int partition, TaskEndReason reason) {
    TaskInfo task =
        new TaskInfo(1, partition, 0, partition, 0, "1", "host", TaskLocality.ANY(), false);
    failures.onTaskEnd(new SparkListenerTaskEnd(3, 0, "ResultTask", reason, task, null, null));
  }

  private void fail(int partition) {
    end(partition, new ExceptionFailure(new IllegalStateException("broken"), null));
  }

  private void lose(String reason) {
    end(0, new ExecutorLostFailure("1", true, Option.apply(reason)));
  }

  @Test
  void settingsAreForRunsWithAJournal() {
    assertThat(TaskFailures.settings(Map.of()))
        .containsEntry("spark.task.maxFailures", "64")
        .containsEntry("spark.executor.maxNumFailures", "64");
    assertThat(TaskFailures.settings(Map.of("spark.executor.instances", "50")))
        .containsEntry("spark.executor.maxNumFailures", "100");
    Map<String, String> chosen = Map.of("spark.task.maxFailures", "2");
    assertThat(TaskFailures.settings(chosen)).isEqualTo(chosen);
    Map<String, String> none = Map.of("spark.strata.journal.interval", "never");
    assertThat(TaskFailures.settings(none)).isEqualTo(none);
  }

  @Test
  void aTaskThatFailsFourTimesEndsTheRun() throws SparkException {
    for (int i = 0; i < 3; i++) {
      fail(0);
      fail(1);
    }
    failures.requireFew();
    fail(1);
    assertThatThrownBy(failures::requireFew)
        .isInstanceOf(SparkException.class)
        .hasMessageStartingWith("a task failed 4 times, at last by java.lang.IllegalStateExc")
        .hasRootCauseMessage("broken");
  }

  private static RowKey key(String row) {
    return RowKey.of(new Sha256().add(row));
  }

  private Journal journal() throws IOException {
    return Journal.open(
        hadoop,
        directory.toString(),
        Attempt.of(Buckets.of(0, 1), Attempt.jvm("app-1", "1"), true),
        Duration.ofHours(1));
  }

  @Test
  void deathsThatMayBeARowsAreTheJournals() throws Exception {
    Journal journal = journal();
    journal.inFlight(List.of(key("a")));
    journal.endWithRowsInFlight();
    for (int i = 0; i < 20; i++) {
      lose("Command exited with code 134");
    }
    assertThatCode(failures::requireFew).doesNotThrowAnyException();
  }

  @Test
  void deathsBeforeAnyRowEndTheRun() throws SparkException {
    for (int i = 0; i < 3; i++) {
      progress++; // other partitions go on
      lose("Command exited with code 134");
    }
    failures.requireFew();
    lose("Command exited with code 134");
    assertThatThrownBy(failures::requireFew)
        .isInstanceOf(SparkException.class)
        .hasMessage(
            "a task lost its executor 4 times before the engine had any of its rows, the last time"
                + " executor 1 (exit code 134: SIGABRT: Command exited with code 134); look into"
                + " its log");
  }

  /** Each attempt takes over what those before it wrote, which is nothing new. */
  @Test
  void deathsBetweenWhichRowsGetFurtherAreHarmless() throws Exception {
    for (int i = 0; i < 6; i++) {
      try (Journal journal = journal()) {
        journal.add(RowEntry.generated(key("a"), i, new int[] {7}));
      }
      lose("Command exited with code 134");
    }
    assertThatCode(failures::requireFew).doesNotThrowAnyException();
    for (int i = 0; i < 3; i++) {
      journal().close();
      lose("Command exited with code 134");
    }
    assertThatThrownBy(failures::requireFew).hasMessageContaining("4 times before the engine had");
  }

  /** A later attempt of the same partition on another executor, which is well. */
  @Test
  void rowsOfAnotherExecutorAreNoExcuse() throws Exception {
    Journal other =
        Journal.open(
            hadoop,
            directory.toString(),
            Attempt.of(Buckets.of(0, 1), Attempt.jvm("app-1", "2"), true),
            Duration.ofHours(1));
    other.inFlight(List.of(key("a")));
    for (int i = 0; i < 4; i++) {
      lose("Command exited with code 134");
    }
    assertThatThrownBy(failures::requireFew).isInstanceOf(SparkException.class);
    other.close();
  }

  @Test
  void lossesAreHarmlessAsLongAsSomethingIsComputedBetween() {
    for (int i = 0; i < 20; i++) {
      progress++;
      lose("Command exited with code 137");
    }
    assertThatCode(failures::requireFew).doesNotThrowAnyException();
    for (int i = 0; i < 3; i++) {
      lose("Command exited with code 137");
    }
    assertThatThrownBy(failures::requireFew)
        .hasMessage(
            "a task lost its executor 4 times, and nothing was computed between: Command exited"
                + " with code 137");
  }
}
