package dev.strata.udfs.tensor;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.jna.NativeLibrary;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CudaRuntimeTest {

  @TempDir Path directory;

  /** A library of this JVM, under such a name as that of CUDA's runtime among PyTorch's natives. */
  @Test
  void aLibraryIsFoundByItsPlainName() throws IOException {
    Path natives = Files.createDirectory(directory.resolve("natives"));
    Files.writeString(natives.resolve("libstandin.so.12.txt"), "");
    Path own = Path.of(System.getProperty("java.home"), "lib", "libzip.so");
    Path library = Files.copy(own, natives.resolve("libstandin-8774224f.so.12"));
    Optional<Path> link =
        CudaRuntime.link(
            "standin",
            directory.resolve("none").toString(),
            directory.toString(),
            natives.toString());
    assertThat(link.orElseThrow().toRealPath()).isEqualTo(library.toRealPath());
    assertThat(NativeLibrary.getInstance("standin").getFile().toPath())
        .isEqualTo(link.orElseThrow());
    Files.delete(link.orElseThrow());
    Files.delete(link.orElseThrow().getParent());
  }

  @Test
  void whereThereIsNoneNothingIsLinked() throws IOException {
    assertThat(CudaRuntime.link("standin", directory.toString())).isEmpty();
  }
}
