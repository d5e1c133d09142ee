package dev.strata.udfs.spark;

import dev.strata.udfs.api.DiskSpace;
import java.io.File;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import org.apache.spark.SparkEnv;

/** The local directories to which Spark writes what it deals out to tasks, or cannot keep. */
final class Scratch {

  /** With less, the next shuffle may be the one that fails. */
  private static final long LITTLE_BYTES = 1L << 30;

  private Scratch() {}

  /** What a person should know of those of this executor; empty for nothing. */
  static Optional<String> warning() {
    File[] directories = SparkEnv.get().blockManager().diskBlockManager().localDirs();
    return warning(Arrays.stream(directories).map(File::toPath).toList(), LITTLE_BYTES);
  }

  static Optional<String> warning(List<Path> directories, long little) {
    for (Path directory : directories) {
      OptionalLong free = DiskSpace.free(directory);
      if (free.isPresent() && free.getAsLong() < little) {
        return Optional.of(
            ("only %d MiB are free in %s, where Spark puts rows between stages; make room, or set"
                    + " spark.local.dir to a larger disk")
                .formatted(free.getAsLong() >> 20, directory));
      }
    }
    return Optional.empty();
  }
}
