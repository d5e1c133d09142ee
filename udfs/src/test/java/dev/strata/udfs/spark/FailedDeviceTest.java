package dev.strata.udfs.spark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.strata.udfs.api.Sha256;
import dev.strata.udfs.engine.StallException;
import dev.strata.udfs.journal.Attempt;
import dev.strata.udfs.journal.Buckets;
import dev.strata.udfs.journal.Journal;
import dev.strata.udfs.journal.RowKey;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FailedDeviceTest {

  private static final RowKey ROW = RowKey.of(new Sha256().add("row"));

  private final List<Integer> halts = new ArrayList<>();

  @TempDir Path directory;

  private Journal journal(String executor) throws IOException {
    return Journal.open(
        new Configuration(false),
        directory.toString(),
        Attempt.of(Buckets.ALL, Attempt.jvm("app-1", executor), false),
        Duration.ofHours(1));
  }

  private void fail(boolean isOnExecutor, String message) {
    FailedDevice device = new FailedDevice(() -> isOnExecutor, halts::add);
    assertThatThrownBy(
            () ->
                device.ends(
                    () -> {
                      throw new IllegalStateException(message);
                    }))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage(message);
  }

  @Test
  void anExecutorEndsOnceItsJournalsAreWritten() throws IOException {
    try (TaskJournal kept = new TaskJournal(journal("1"))) {
      kept.asked(7, ROW, 0);
      kept.takeDown();
      kept.generated(7, new int[] {1, 2}, 0, 2);
      fail(true, "the engine failed: CUDA error: device-side assert triggered");
      assertThat(halts).containsExactly(86);
      assertThat(directory.toFile().list())
          .as("its row is known to have been there")
          .anyMatch(name -> name.endsWith(".inflight"));
      try (Journal next = journal("2")) {
        assertThat(next.find(ROW).tokens()).containsExactly(1, 2);
      }
    }
  }

  @Test
  void aDriverSaysSo() {
    fail(false, "the engine failed: CUDA error: device-side assert triggered");
    assertThat(halts).isEmpty();
  }

  @Test
  void otherFailuresAreATasksOwn() {
    fail(true, "the engine failed: CUDA out of memory");
    assertThat(halts).isEmpty();
  }

  private void stall(boolean ofStorage) {
    FailedDevice device = new FailedDevice(() -> true, halts::add);
    StallException stall = new StallException("the engine", Duration.ofMinutes(10), ofStorage);
    assertThatThrownBy(
            () ->
                device.ends(
                    () -> {
                      throw new IllegalStateException("the engine failed: it stands still", stall);
                    }))
        .hasCause(stall);
  }

  /** Nothing else ends a call in native code. */
  @Test
  void anExecutorEndsWhoseCallDoesNotComeBack() {
    stall(false);
    stall(true);
    assertThat(halts).containsExactly(87, 88);
  }
}
