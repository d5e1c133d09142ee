package dev.strata.job.dataset;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.strata.udfs.api.StrataException;
import dev.strata.udfs.lock.RunLock;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is known without a session of Spark. */
class PlacesTest {

  @TempDir Path directory;
  private Path input;
  private Path output;

  @BeforeEach
  void write() throws IOException {
    input = Files.writeString(directory.resolve("in.json"), "{}");
    output = directory.resolve("out");
  }

  @Test
  void anInputThatIsNotThere() throws IOException {
    check();
    Files.delete(input);
    assertRefused("the input " + input + " does not exist");
    check("input.format", "table");
  }

  @Test
  void anOutputThatIsThere() throws IOException {
    Files.createDirectory(output);
    check();
    Files.writeString(output.resolve("part-0.json"), "{}");
    assertRefused("the output " + output + " exists already; remove it");
    assertRefused("exists already", "dryRun", "true");
    check("mode", "append");
    check("mode", "ignore");
    check("incremental", "changed");
    check("output.format", "table");
  }

  @Test
  void anOutputThatAnotherRunHas() throws IOException {
    try (RunLock lock = OutputPlace.claim(new Configuration(), output.toString(), "app-1")) {
      assertRefused("the output " + output + " is being written by");
      assertRefused("is being written by", "mode", "overwrite");
      check("dryRun", "true");
      lock.check();
    }
    check();
  }

  @Test
  void fileSystemsThatAreNotHere() {
    assertRefused("--packages org.apache.hadoop:hadoop-aws:", "output", "s3a://bucket/out");
    assertRefused("there is no file system for foo:// here", "output", "foo://bucket/out");
    assertRefused("there is no file system for foo:// here", "input", "foo://bucket/rows.json");
    assertRefused("a name with a colon (job:1.json)", "input", "job:1.json");
    org.apache.hadoop.fs.Path lock = new org.apache.hadoop.fs.Path("s3a://bucket/lock");
    assertThatThrownBy(() -> Locks.requireFree(new Configuration(), lock, "held"))
        .hasMessageContaining("--packages org.apache.hadoop:hadoop-aws:");
  }

  /** It may be cleared once the lock is held, and if not, says more than that it is there. */
  @Test
  void anOutputThatWasNeverFinished() throws IOException {
    Files.createDirectories(output.resolve("_temporary/0"));
    check();
  }

  private void assertRefused(String message, String... settings) {
    assertThatThrownBy(() -> check(settings))
        .isInstanceOf(StrataException.class)
        .hasMessageContaining(message);
  }

  private void check(String... settings) {
    Object[] all = new Object[settings.length + 4];
    System.arraycopy(new Object[] {"input", input, "output", output}, 0, all, 0, 4);
    System.arraycopy(settings, 0, all, 4, settings.length);
    Places.check(new Configuration(), Confs.of(all));
  }
}
