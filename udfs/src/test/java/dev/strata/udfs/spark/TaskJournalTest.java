package dev.strata.udfs.spark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.strata.udfs.api.FinishReason;
import dev.strata.udfs.api.Sha256;
import dev.strata.udfs.api.StrataException;
import dev.strata.udfs.engine.RowResult;
import dev.strata.udfs.journal.Attempt;
import dev.strata.udfs.journal.Buckets;
import dev.strata.udfs.journal.Journal;
import dev.strata.udfs.journal.RowEntry;
import dev.strata.udfs.journal.RowKey;
import java.io.IOException;
import java.net.ConnectException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.RawLocalFileSystem;
import org.apache.spark.TaskKilledException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a next task finds of rows that failed. */
class TaskJournalTest {

  private static final RowKey ROW = RowKey.of(new Sha256().add("row"));

  @TempDir Path directory;

  private TaskJournal open() throws IOException {
    return new TaskJournal(
        Journal.open(
            new Configuration(false),
            directory.toString(),
            Attempt.of(Buckets.ALL, Attempt.jvm("app-1", "1"), false),
            Duration.ofHours(1)));
  }

  private static RowResult failed(String error, boolean mayMend) {
    return new RowResult(7, new int[] {1, 2, 3}, new float[0], FinishReason.ERROR, error, mayMend);
  }

  @Test
  void anErrorThatNoOtherTryMendsIsKept() throws IOException {
    try (TaskJournal journal = open()) {
      journal.asked(7, ROW, 0);
      journal.generated(7, new int[] {1, 2, 3}, 0, 2);
      journal.ended(failed("its logits are not finite", false));
    }
    try (TaskJournal next = open()) {
      RowEntry found = next.find(ROW);
      assertThat(found.isFinished()).isTrue();
      assertThat(found.error()).isEqualTo("its logits are not finite");
      assertThat(found.tokens()).containsExactly(1, 2, 3);
    }
  }

  @Test
  void anErrorThatAnotherTryMayMendIsForgotten() throws IOException {
    try (TaskJournal journal = open()) {
      journal.asked(7, ROW, 0);
      journal.generated(7, new int[] {1, 2, 3}, 0, 2);
      journal.ended(failed("generation failed", true));
    }
    try (TaskJournal next = open()) {
      assertThat(next.find(ROW)).isEqualTo(RowEntry.generated(ROW, 0, new int[] {1, 2}));
    }
  }

  /** The local disk, whose next listings fail. */
  public static final class Away extends RawLocalFileSystem {

    private static final AtomicInteger FAILURES = new AtomicInteger();

    @Override
    public FileStatus[] listStatus(org.apache.hadoop.fs.Path path) throws IOException {
      if (FAILURES.getAndDecrement() > 0) {
        throw new ConnectException("Connection refused");
      }
      return super.listStatus(path);
    }
  }

  private TaskJournal openAway(int failures, boolean isKilled) {
    Configuration hadoop = new Configuration(false);
    hadoop.setClass("fs.file.impl", Away.class, FileSystem.class);
    hadoop.setBoolean("fs.file.impl.disable.cache", true);
    Away.FAILURES.set(failures);
    return TaskJournal.open(
        new RunJournal(directory.toString(), Duration.ofHours(1)),
        hadoop,
        Attempt.of(Buckets.ALL, Attempt.jvm("app-1", "1"), false),
        Duration.ofMillis(100),
        () -> isKilled);
  }

  @Test
  void aJournalThatIsOutOfReachForATimeIsOpenedLater() {
    openAway(2, false).close();
    assertThat(Away.FAILURES.get()).isNegative();
    assertThatThrownBy(() -> openAway(1000, false))
        .isInstanceOf(StrataException.class)
        .hasMessage(
            "the journal %s cannot be read or written: Connection refused".formatted(directory));
    assertThatThrownBy(() -> openAway(1000, true))
        .as("Spark wants the task to end")
        .isInstanceOf(TaskKilledException.class);
  }
}
