package dev.strata.udfs.journal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.strata.udfs.api.StrataException;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.RawLocalFileSystem;
import org.apache.hadoop.util.Progressable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A journal on a file system that fails for a while. */
class FailingJournalTest {

  private static final RowKey A = JournalTest.key("a");

  private final Configuration hadoop = new Configuration(false);

  @TempDir Path directory;

  /** The local disk, a number of whose next files cannot be made. */
  public static final class Failing extends RawLocalFileSystem {

    private static final AtomicInteger FAILURES = new AtomicInteger();
    private static volatile boolean isError;

    @Override
    public FSDataOutputStream create(
        org.apache.hadoop.fs.Path path,
        boolean overwrite,
        int bufferSize,
        short replication,
        long blockSize,
        Progressable progress)
        throws IOException {
      if (FAILURES.getAndUpdate(left -> Math.max(0, left - 1)) > 0) {
        if (isError) {
          throw new OutOfMemoryError("Java heap space");
        }
        throw new IOException("No space left on device");
      }
      return super.create(path, overwrite, bufferSize, replication, blockSize, progress);
    }
  }

  @BeforeEach
  void configure() {
    hadoop.setClass("fs.file.impl", Failing.class, FileSystem.class);
    hadoop.setBoolean("fs.file.impl.disable.cache", true);
    Failing.FAILURES.set(0);
    Failing.isError = false;
  }

  private Journal open() throws IOException {
    return Journal.open(
        hadoop, directory.toString(), JournalTest.attempt(Buckets.ALL), Duration.ofMillis(20));
  }

  @Test
  void rowsGoOnWhereItCannotBeSaidWhichTheyAre() throws Exception {
    try (Journal journal = open()) {
      Failing.FAILURES.set(1);
      journal.inFlight(List.of(A));
      assertThat(directory.toFile().list()).isEmpty();
      journal.inFlight(List.of(A));
      assertThat(directory.toFile().list()).hasSize(1);
      journal.requireWritable();
    }
  }

  @Test
  void whatCouldNotBeWrittenIsWrittenLater() throws Exception {
    try (Journal journal = open()) {
      Failing.FAILURES.set(1);
      journal.add(RowEntry.generated(A, 0, new int[] {1}));
      await(() -> Failing.FAILURES.get() == 0);
      journal.add(RowEntry.generated(A, 1, new int[] {2}));
      journal.requireWritable();
    }
    try (Journal next = open()) {
      assertThat(next.find(A).tokens()).containsExactly(1, 2);
    }
  }

  @Test
  void anErrorEndsNoJournal() throws Exception {
    Failing.isError = true;
    whatCouldNotBeWrittenIsWrittenLater();
    Failing.isError = true;
    muchThatCannotBeWrittenEndsTheTask("OutOfMemoryError: Java heap space");
  }

  @Test
  void whatCannotBeWrittenAtTheEndIsNoFailureOfTheTask() throws Exception {
    Journal journal = open();
    journal.add(RowEntry.generated(A, 0, new int[] {1}));
    Failing.FAILURES.set(Integer.MAX_VALUE);
    journal.close();
    Failing.FAILURES.set(0);
    try (Journal next = open()) {
      assertThat(next.find(A)).isNull();
    }
  }

  @Test
  void muchThatCannotBeWrittenEndsTheTask() throws Exception {
    muchThatCannotBeWrittenEndsTheTask("No space left on device");
  }

  private void muchThatCannotBeWrittenEndsTheTask(String reason) throws Exception {
    try (Journal journal = open()) {
      Failing.FAILURES.set(Integer.MAX_VALUE);
      int[] many = new int[1 << 20];
      for (int i = 0; i < 80; i++) {
        journal.add(RowEntry.generated(JournalTest.key("row " + i), 0, many));
      }
      await(() -> isFailed(journal));
      assertThatThrownBy(journal::requireWritable)
          .isInstanceOf(StrataException.class)
          .hasMessageContaining(directory.toString())
          .hasMessageContaining(reason)
          .hasMessageContaining("continues with what was written");
    }
  }

  private static boolean isFailed(Journal journal) {
    try {
      journal.requireWritable();
      return false;
    } catch (StrataException e) {
      return true;
    }
  }

  private static void await(java.util.function.BooleanSupplier until) throws Exception {
    for (int i = 0; i < 3_000 && !until.getAsBoolean(); i++) {
      Thread.sleep(10);
    }
    assertThat(until.getAsBoolean()).isTrue();
  }
}
