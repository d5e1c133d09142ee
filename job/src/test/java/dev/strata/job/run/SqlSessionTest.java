package dev.strata.job.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.strata.udfs.api.Sha256;
import dev.strata.udfs.journal.Attempt;
import dev.strata.udfs.journal.Buckets;
import dev.strata.udfs.journal.Journal;
import dev.strata.udfs.journal.RowKey;
import dev.strata.udfs.spark.ExecutorDeaths;
import dev.strata.udfs.spark.RunJournal;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeoutException;
import org.apache.spark.ExecutorLostFailure;
import org.apache.spark.SparkContext;
import org.apache.spark.SparkException;
import org.apache.spark.scheduler.SparkListenerTaskEnd;
import org.apache.spark.scheduler.TaskInfo;
import org.apache.spark.scheduler.TaskLocality;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import scala.Option;

/** How often tasks of statements may lose their executors. */
class SqlSessionTest {

  private static final long MOST_MILLIS = 120_000;

  private static SqlSession session;
  private static SparkContext context;

  @TempDir private Path directory;

  @BeforeAll
  static void start() {
    session =
        SqlSession.start(
            "statements", Map.of("spark.master", "local[1]", "spark.ui.enabled", "false"));
    context = session.spark().sparkContext();
  }

  @AfterAll
  static void stop() {
    session.close();
  }

  /** An executor of a stage's only task dies of a signal. */
  private static void die(int stage, int times) throws TimeoutException {
    for (int i = 0; i < times; i++) {
      TaskInfo task = new TaskInfo(1, 0, i, 0, 0, "1", "host", TaskLocality.ANY(), false);
      ExecutorLostFailure lost =
          new ExecutorLostFailure("1", true, Option.apply("Command exited with code 134"));
      context
          .listenerBus()
          .post(new SparkListenerTaskEnd(stage, 0, "ResultTask", lost, task, null, null));
    }
    context.listenerBus().waitUntilEmpty(MOST_MILLIS);
  }

  @Test
  void tasksAreTriedAsOftenAsItTakes() {
    assertThat(context.getConf().get("spark.task.maxFailures")).isEqualTo("64");
  }

  @Test
  void whereNobodyKnowsTheRowsAStatementEndsAsSparksDo() throws Exception {
    die(11, 3);
    session.requireFew();
    die(11, 1);
    assertThatThrownBy(session::requireFew)
        .isInstanceOf(SparkException.class)
        .hasMessageStartingWith(
            "a task lost its executor 4 times (a statement that writes under"
                + " spark.strata.sql.run.key would find the row to blame), the last time executor 1"
                + " (exit code 134: SIGABRT");
    assertThatCode(session::requireFew).as("the next statement").doesNotThrowAnyException();
  }

  @Test
  void whereAJournalKnowsTheRowsDeathsAreItsOwn() throws Exception {
    RunJournal journal = new RunJournal(directory.toString(), Duration.ofSeconds(5));
    try (ExecutorDeaths watch = journal.watch(context)) {
      Journal rows =
          Journal.open(
              context.hadoopConfiguration(),
              directory.toString(),
              Attempt.of(Buckets.of(0, 1), Attempt.jvm(context.applicationId(), "1"), true),
              Duration.ofHours(1));
      rows.inFlight(List.of(RowKey.of(new Sha256().add("a"))));
      rows.endWithRowsInFlight();
      die(12, 20);
      assertThatCode(session::requireFew).doesNotThrowAnyException();
      assertThat(watch.faults()).as("of executors, not of tasks").isZero();
    }
    assertThat(ExecutorDeaths.journals(context)).isEmpty();
    die(13, 4);
    assertThatThrownBy(session::requireFew).isInstanceOf(SparkException.class);
  }
}
