package dev.strata.udfs.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** What holds for all sources holds for direct ones, on file systems that have them. */
class DirectByteSourceTest extends ModelFilesContract {

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

  @Override
  ByteSource source(String name) throws IOException {
    Optional<ByteSource> source = files().openDirect(name);
    assumeTrue(source.isPresent(), "no direct reads in " + directory);
    assertThat(source.get().blockBytes()).isEqualTo(4096);
    return source.get();
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void fileSystemsWithoutDirectReads() throws IOException {
    assertThat(ModelFiles.at("/proc/self").openDirect("status")).isEmpty();
  }
}
