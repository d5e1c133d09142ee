package dev.strata.job.dataset;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.strata.udfs.api.StrataException;
import dev.strata.udfs.lock.RunLock;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class OutputPlaceTest {

  private static final String LOCK = ".out.strata-lock";

  @TempDir Path directory;

  /** What a run that was killed may have left, and what the next finds after it has cleared it. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      nullValues = "-",
      value = {
        "out/ | -",
        "out/_temporary/0/part-0 | -",
        "out/_SUCCESS out/part-0 out/_temporary/0/part-1 | out/_SUCCESS out/part-0",
        "out/part-0 out/_temporary/0/part-1 | out/_temporary/0/part-1 out/part-0",
        "out/part-0 out/k=v/part-2 out/_temporary/0/part-1 .out.first-write/ | -",
        "out/mine.txt out/part-0 out/_temporary/0/part-1 .out.first-write/ | out/mine.txt",
        "out/part-0 .out.first-write/ | out/part-0",
        "out/_SUCCESS out/part-0 out/_temporary/0/part-1 .out.first-write/ | out/_SUCCESS out/part-0",
        "out/part-0 .out.new-1a2b3c4d/part-1 | out/part-0",
        "out/part-0 .out.new-1a2b3c4d/part-1 .out.whole-1a2b3c4d/ | out/part-1",
        "out/part-1 .out.new-1a2b3c4d/k=v/part-2 .out.whole-1a2b3c4d/ .out.moving-1a2b3c4d/"
            + " | out/k=v/part-2 out/part-1",
        "out/part-0 ..out.new-1a2b3c4d.new-5e6f/part-1 | out/part-0",
        "out/part-0 .out.add-1a2b3c4d/part-1 | out/part-0",
        "out/part-0 .out.add-1a2b3c4d/_complete .out.add-1a2b3c4d/k=v/part-1 | out/k=v/part-1"
            + " out/part-0",
        ".out.add-1a2b3c4d/_complete .out.add-1a2b3c4d/_SUCCESS .out.add-1a2b3c4d/part-1"
            + " | out/._SUCCESS.crc out/_SUCCESS out/part-1",
        "out/part-1 .out.add-1a2b3c4d/_complete .out.add-1a2b3c4d/part-1 | out/part-1",
        "out/part-0 .outer.new-1a2b3c4d/part-1 | .outer.new-1a2b3c4d/part-1 out/part-0",
      })
  void leftoversOfAKilledRunAreCleared(String left, String expected) throws IOException {
    for (String name : left.split(" ", -1)) {
      create(name);
    }
    create(LOCK);
    outdate(LOCK);
    claim().close();
    assertThat(files()).isEqualTo(expected == null ? "" : expected);
  }

  /** Without the lock of a dead run they may be somebody's who takes none. */
  @ParameterizedTest
  @CsvSource({"out/_temporary/0/part-0", "out/part-0", "out/"})
  void whatMayBeSomebodysStays(String name) throws IOException {
    create(name);
    claim().close();
    assertThat(directory.resolve(name)).exists();
  }

  @Test
  void oneRunHasThePlace() throws IOException {
    try (RunLock lock = claim()) {
      assertThatThrownBy(() -> OutputPlace.claimIfPossible(new Configuration(), out(), "app-2"))
          .isInstanceOf(StrataException.class)
          .hasMessageContaining("the output " + out() + " is being written by");
      assertThatThrownBy(() -> OutputPlace.requireFree(new Configuration(), out()))
          .hasMessageContaining("is being written by");
      lock.check();
    }
    OutputPlace.requireFree(new Configuration(), out());
  }

  @Test
  void whereNoLockCanBeTheRunGoesOn() throws IOException {
    create("file");
    String beneathAFile = directory.resolve("file/out").toString();
    assertThat(OutputPlace.claimIfPossible(new Configuration(), beneathAFile, "app-1"))
        .isEqualTo(Optional.empty());
    assertThat(OutputPlace.claimIfPossible(new Configuration(), "file:///", "app-1"))
        .isEqualTo(Optional.empty());
  }

  private RunLock claim() {
    return OutputPlace.claim(new Configuration(), out(), "app-1");
  }

  private String out() {
    return directory.resolve("out").toString();
  }

  private void create(String name) throws IOException {
    Path path = directory.resolve(name);
    Files.createDirectories(name.endsWith("/") ? path : path.getParent());
    if (!name.endsWith("/")) {
      Files.writeString(path, "");
    }
  }

  private void outdate(String name) throws IOException {
    FileTime longAgo = FileTime.from(Instant.now().minus(Duration.ofMinutes(11)));
    Files.setLastModifiedTime(directory.resolve(name), longAgo);
  }

  /** All files, and directories without any, in the order of their names. */
  private String files() throws IOException {
    try (Stream<Path> all = Files.walk(directory)) {
      TreeSet<String> names = new TreeSet<>();
      all.filter(path -> !path.equals(directory))
          .filter(path -> !Files.isDirectory(path) || path.toFile().list().length == 0)
          .forEach(path -> names.add(directory.relativize(path).toString()));
      return String.join(" ", names);
    }
  }
}
