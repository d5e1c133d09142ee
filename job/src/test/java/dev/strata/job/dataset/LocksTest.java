package dev.strata.job.dataset;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.strata.udfs.api.StrataException;
import java.nio.file.Files;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LocksTest {

  @TempDir java.nio.file.Path directory;

  /** A file is where the lock's directory would be. */
  @Test
  void whatCannotBeWrittenIsSaid() throws Exception {
    Files.createFile(directory.resolve("file"));
    Path lock = new Path(directory.toUri().toString(), "file/lock");
    assertTold(lock, () -> Locks.acquire(new Configuration(), lock, "it is held", "app-1"));
    Path nowhere = new Path("nofs:/lock");
    assertTold(nowhere, () -> Locks.acquire(new Configuration(), nowhere, "it is held", "app-1"));
    assertTold(nowhere, () -> Locks.requireFree(new Configuration(), nowhere, "it is held"));
  }

  private static void assertTold(Path lock, ThrowingCallable call) {
    assertThatThrownBy(call)
        .isInstanceOf(StrataException.class)
        .hasMessageStartingWith("the lock " + lock + " cannot be written: ");
  }
}
