package dev.strata.udfs.tensor;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.Properties;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NativeCacheTest {

  private static final ClassLoader LOADER = NativeCacheTest.class.getClassLoader();

  @TempDir Path directory;

  @Test
  void whatIsNotThereIsGoingToBeExtracted() {
    Optional<NativeCache.Missing> missing = NativeCache.missing(LOADER, directory);
    assertThat(missing).map(NativeCache.Missing::directory).contains(directory);
    assertThat(missing.orElseThrow().bytes()).isBetween(100L << 20, 8L << 30);
  }

  @Test
  void whatIsThereIsNot() throws IOException {
    Properties natives = new Properties();
    natives.load(LOADER.getResourceAsStream("native/lib/pytorch.properties"));
    Files.createDirectory(
        directory.resolve(
            natives.getProperty("version")
                + "-"
                + natives.getProperty("flavor")
                + "-"
                + natives.getProperty("classifier")));
    assertThat(NativeCache.missing(LOADER, directory)).isEmpty();
  }
}
