package dev.strata.udfs.spark;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.strata.udfs.api.GenerationOptions;
import dev.strata.udfs.api.StrataConf;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A journal belongs to the model that its rows were computed with. */
class RunJournalTest {

  private static final Path MODEL =
      Path.of(System.getProperty("strata.root"), "datasets", "demo-model");
  private static final Instant BEFORE = Instant.parse("2026-01-02T03:04:05Z");

  @TempDir Path directory;

  @BeforeEach
  void copyModel() throws IOException {
    try (Stream<Path> files = Files.list(MODEL)) {
      for (Path file : files.filter(Files::isRegularFile).toList()) {
        Path copy = directory.resolve("model").resolve(file.getFileName());
        Files.createDirectories(copy.getParent());
        Files.copy(file, copy);
      }
    }
    for (Path weights : weights()) {
      Files.setLastModifiedTime(weights, FileTime.from(BEFORE));
    }
    open();
    Files.write(
        directory.resolve("journal/00000-10000_0000000000000000_0-0_1_00000000.arrow"),
        new byte[1]);
    open();
  }

  private List<Path> weights() throws IOException {
    try (Stream<Path> files = Files.list(directory.resolve("model"))) {
      return files.filter(file -> file.toString().endsWith(".safetensors")).sorted().toList();
    }
  }

  private void open() {
    StrataConf conf =
        StrataConf.of(
            Map.of(
                "spark.strata.model",
                directory.resolve("model").toString(),
                "spark.strata.prompt",
                "Hello"));
    GenerationOptions options = conf.generationOptions(conf.promptOptions());
    RunJournal.open(
        new Configuration(false),
        directory.resolve("journal").toString(),
        Duration.ofSeconds(5),
        options,
        false);
  }

  @Test
  void aFileOfAnotherTimeIsNamed() throws IOException {
    Path weights = weights().get(0);
    Files.setLastModifiedTime(weights, FileTime.from(BEFORE.plusSeconds(1)));
    long bytes = Files.size(weights);
    assertThatThrownBy(this::open)
        .hasMessageContaining(
            "ended: the model's %s was %d bytes of 2026-01-02T03:04:05Z and is %d bytes of"
                    .formatted(weights.getFileName(), bytes, bytes)
                + " 2026-01-02T03:04:06Z; run it as before");
  }

  @Test
  void aSmallFileOfOtherContentsIsNamed() throws IOException {
    Path config = directory.resolve("model/generation_config.json");
    Files.writeString(config, Files.readString(config) + "\n");
    assertThatThrownBy(this::open)
        .hasMessageContaining(
            "ended: the model's contents changed, the model's generation_config.json changed; run");
  }
}
