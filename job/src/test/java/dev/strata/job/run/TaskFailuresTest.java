package dev.strata.job.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Map;
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
import org.junit.jupiter.api.Test;
import scala.Option;

class TaskFailuresTest {

  private static SparkContext context;

  private long progress;
  private final TaskFailures failures = new TaskFailures(context, () -> progress);

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

  @Test
  void deathsThatMayBeARowsAreTheJournals() {
    for (int i = 0; i < 20; i++) {
      lose("Command exited with code 134");
    }
    assertThatCode(failures::requireFew).doesNotThrowAnyException();
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
