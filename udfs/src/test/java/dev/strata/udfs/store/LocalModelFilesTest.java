package dev.strata.udfs.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.strata.udfs.api.StrataException;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LocalModelFilesTest extends ModelFilesContract {

  @TempDir private Path directory;

  @Override
  ModelFiles files() {
    return ModelFiles.at(directory.toString());
  }

  @Override
  void write(String name, byte[] bytes) throws IOException {
    Files.createDirectories(directory.resolve(name).getParent());
    Files.write(directory.resolve(name), bytes);
  }

  @Test
  void locationsArePathsOrFileUris() throws IOException {
    for (String location :
        new String[] {
          directory.toString(), directory + "/", directory.toUri().toString(), "file:" + directory
        }) {
      try (ModelFiles files = ModelFiles.at(location)) {
        assertThat(files.location()).isEqualTo(directory.toString());
      }
    }
  }

  @Test
  void noDirectory() {
    Path absent = directory.resolve("absent");
    assertThatThrownBy(() -> ModelFiles.at(absent.toString()))
        .isInstanceOf(StrataException.class)
        .hasMessage(
            "no directory %s; give the local path of a model with config.json and safetensors files",
            absent);
  }

  @Test
  void noPath() {
    assertThatThrownBy(() -> ModelFiles.at("file://host/model"))
        .isInstanceOf(StrataException.class)
        .hasMessageStartingWith("model file://host/model is not a path (")
        .hasMessageEndingWith("); give a local path");
  }

  @Test
  void smallFilesHaveALimit() throws IOException {
    try (RandomAccessFile file = new RandomAccessFile(directory.resolve("big").toFile(), "rw")) {
      file.setLength(ModelFiles.MAX_FOUND_BYTES + 1L);
    }
    try (ModelFiles files = files()) {
      assertThatThrownBy(() -> files.find("big"))
          .isInstanceOf(IOException.class)
          .hasMessage(
              "%s/big has 67108865 bytes, more than the 67108864 of a small file", directory);
    }
  }
}
