package dev.strata.job.dataset;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ReplacementTest {

  @TempDir Path directory;
  private Replacement replacement;

  @BeforeEach
  void start() throws IOException {
    replacement = Replacement.of(new Configuration(), directory.resolve("day=1").toString());
  }

  @Test
  void aFirstOutputAndANext() throws IOException {
    assertThat(replacement.exists()).isFalse();
    write(Path.of(replacement.part().toUri()), "one");
    replacement.commit();
    assertThat(replacement.exists()).isTrue();
    start();
    write(Path.of(replacement.part().toUri()), "two");
    replacement.commit();
    assertThat(directory.toFile().list()).containsExactly("day=1");
    assertThat(content()).isEqualTo("two");
  }

  @Test
  void anEmptyDirectoryIsNone() throws IOException {
    Files.createDirectory(directory.resolve("day=1"));
    assertThat(replacement.exists()).isFalse();
    write(Path.of(replacement.part().toUri()), "one");
    replacement.commit();
    assertThat(directory.toFile().list()).containsExactly("day=1");
    assertThat(content()).isEqualTo("one");
  }

  @Test
  void whatIsNoOutputIsNotReplaced() throws IOException {
    Files.createDirectories(directory.resolve("day=1/day=2"));
    assertThatThrownBy(replacement::exists)
        .hasMessageContaining("is not the output of an earlier run, since it holds day=2");
    Files.delete(directory.resolve("day=1/day=2"));
    Files.delete(directory.resolve("day=1"));
    Files.writeString(directory.resolve("day=1"), "mine");
    assertThatThrownBy(replacement::exists).hasMessageContaining("since it is a file");
  }

  private String content() throws IOException {
    return Files.readString(directory.resolve("day=1/part-0"));
  }

  private static void write(Path output, String text) throws IOException {
    Files.createDirectories(output);
    Files.writeString(output.resolve("part-0"), text);
  }
}
