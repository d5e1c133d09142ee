package dev.strata.udfs.api;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalLong;

/** Free space on the disk of a local directory, which need not be there yet. */
public final class DiskSpace {

  private DiskSpace() {}

  /** Bytes that this process may write there; empty where nobody can say. */
  public static OptionalLong free(Path directory) {
    for (Path path = directory.toAbsolutePath(); path != null; path = path.getParent()) {
      if (Files.isDirectory(path)) {
        return freeOf(path);
      }
    }
    return OptionalLong.empty();
  }

  private static OptionalLong freeOf(Path directory) {
    try {
      return OptionalLong.of(Files.getFileStore(directory).getUsableSpace());
    } catch (IOException e) {
      return OptionalLong.empty();
    }
  }

  /** Whether there is room for so many bytes, as far as one can know. */
  public static boolean has(Path directory, long bytes) {
    OptionalLong free = free(directory);
    return free.isEmpty() || free.getAsLong() >= bytes;
  }
}
