package dev.strata.udfs.tensor;

import ai.djl.util.Utils;
import ai.djl.util.cuda.CudaUtils;
import com.sun.jna.NativeLibrary;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * CUDA's runtime library, which PyTorch's natives bring along. DJL counts GPUs by the one that it
 * finds by its plain name, before any natives are loaded, and those have another name: without a
 * CUDA installation it would find no GPU.
 */
final class CudaRuntime {

  private static final String NAME = "cudart";

  /** As {@code cudaDriverGetVersion} tells it where there is no driver. */
  static final int NO_DRIVER = 0;

  /** Where the driver cannot be asked. */
  static final int UNKNOWN = -1;

  /** That of the natives, once it is loaded. */
  private static NativeLibrary ofNatives;

  private CudaRuntime() {}

  /**
   * Has DJL take the runtime of the natives that {@code PYTORCH_LIBRARY_PATH} names. To be called
   * before DJL's engine is asked for; where nothing is named, the machine's is left to be found.
   *
   * @throws UnusableGpuException if it cannot be loaded, or there is no driver, without which the
   *     natives cannot be
   */
  static synchronized void useThatOfNatives() {
    String path = Utils.getEnvOrSystemProperty(NativeCache.LIBRARY_PATH);
    if (path == null || ofNatives != null) {
      return;
    }
    try {
      Optional<Path> link = link(NAME, path.split(File.pathSeparator, -1));
      if (link.isPresent()) {
        load(link.get());
      }
    } catch (IOException e) {
      throw new UnusableGpuException(
          "the CUDA runtime of %s cannot be linked to in %s: %s; make room there, or set java.io.tmpdir"
              .formatted(path, System.getProperty("java.io.tmpdir"), e));
    }
    if (ofNatives != null && driver() == NO_DRIVER) {
      throw new UnusableGpuException(
          "PyTorch's natives in %s are for GPUs, and this machine has no driver of NVIDIA; install it (525 or later),"
                  .formatted(path)
              + " or start without --gpu and PYTORCH_LIBRARY_PATH");
    }
  }

  /** Once for DJL and once for this class, while the link is there. */
  private static void load(Path link) throws IOException {
    CudaUtils.getGpuCount();
    ofNatives = NativeLibrary.getInstance(NAME);
    Files.delete(link);
    Files.delete(link.getParent());
  }

  /**
   * Makes a library findable by its plain name.
   *
   * @param folders the first that has it counts
   * @return a link to it, in a folder of its own; empty where no folder has it
   */
  static Optional<Path> link(String name, String... folders) throws IOException {
    Pattern file = Pattern.compile("lib%s(-\\w+)?\\.so(\\.\\d+)*".formatted(name));
    for (String folder : folders) {
      Optional<Path> library = library(Path.of(folder), file);
      if (library.isPresent()) {
        Path link = Files.createTempDirectory("strata-cuda-").resolve(System.mapLibraryName(name));
        Files.createSymbolicLink(link, library.get().toAbsolutePath());
        NativeLibrary.addSearchPath(name, link.getParent().toString());
        return Optional.of(link);
      }
    }
    return Optional.empty();
  }

  private static Optional<Path> library(Path folder, Pattern file) throws IOException {
    if (!Files.isDirectory(folder)) {
      return Optional.empty();
    }
    try (Stream<Path> files = Files.list(folder)) {
      return files
          .filter(path -> file.matcher(path.getFileName().toString()).matches())
          .findFirst();
    }
  }

  /**
   * The CUDA that the machine's driver is for, such as 12020; {@link #NO_DRIVER}, or {@link
   * #UNKNOWN} without a runtime of the natives to ask.
   */
  static synchronized int driver() {
    if (ofNatives == null) {
      return UNKNOWN;
    }
    int[] version = new int[1];
    int failed = ofNatives.getFunction("cudaDriverGetVersion").invokeInt(new Object[] {version});
    return failed == 0 ? version[0] : UNKNOWN;
  }

  /** The natives that are loaded. */
  static CudaNatives natives() {
    try {
      return new CudaNatives(CudaUtils.getCudaVersion());
    } catch (IllegalStateException e) {
      throw new UnusableGpuException(
          "CUDA's runtime library, libcudart, is not among PyTorch's natives; have PYTORCH_LIBRARY_PATH"
              + " name natives that come with it");
    }
  }
}
