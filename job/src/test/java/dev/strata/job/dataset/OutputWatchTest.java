package dev.strata.job.dataset;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.strata.udfs.api.StrataException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.types.StructType;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OutputWatchTest {

  @TempDir Path directory;
  private final CountDownLatch removed = new CountDownLatch(1);

  /** A task that begins later makes it again, and what was there is lost all the same. */
  @Test
  void aDirectoryThatIsRemovedIsNoticedThoughATaskMakesItAgain() throws Exception {
    Path mark = directory.resolve("out/_temporary/_strata-run");
    Files.createDirectories(mark.getParent());
    try (OutputWatch watch = watch()) {
      await(mark);
      watch.requireThere(new IOException());
      do { // again where the watch was just about to make it
        Files.deleteIfExists(mark);
      } while (!removed.await(50, TimeUnit.MILLISECONDS));
      IOException cause = new IOException("of Spark");
      assertThatThrownBy(() -> watch.requireThere(cause))
          .isInstanceOf(StrataException.class)
          .hasMessage("the output out was removed while it was being written; run it again")
          .hasCause(cause);
    }
  }

  @Test
  void aWriterThatKeepsNothingThereIsNotWatched() throws Exception {
    Files.createDirectories(directory.resolve("out"));
    try (OutputWatch watch = watch()) {
      assertThat(removed.await(100, TimeUnit.MILLISECONDS)).isFalse();
      watch.requireThere(new IOException());
    }
    assertThat(directory.resolve("out")).isEmptyDirectory();
  }

  private OutputWatch watch() {
    return OutputWatch.start(
        new Configuration(), new Writing(), removed::countDown, Duration.ofMillis(5));
  }

  private static void await(Path file) throws InterruptedException {
    while (!Files.exists(file)) {
      TimeUnit.MILLISECONDS.sleep(5);
    }
  }

  /** An output that is being written all the time. */
  private final class Writing implements Output {

    @Override
    public Optional<org.apache.hadoop.fs.Path> writing() {
      return Optional.of(new org.apache.hadoop.fs.Path(directory.resolve("out").toUri()));
    }

    @Override
    public boolean exists() {
      return false;
    }

    @Override
    public void accept(Input input, StructType rows) {}

    @Override
    public void write(Dataset<Row> rows) {}

    @Override
    public void discard() {}

    @Override
    public String toString() {
      return "out";
    }
  }
}
