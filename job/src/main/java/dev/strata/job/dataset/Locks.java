package dev.strata.job.dataset;

import dev.strata.udfs.api.StrataException;
import dev.strata.udfs.lock.LockState;
import dev.strata.udfs.lock.RunLock;
import java.io.IOException;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;

/** Locks by their paths; one that cannot be read or written is told of as data is. */
public final class Locks {

  private Locks() {}

  /**
   * Takes a lock.
   *
   * @param what what the holder does, such as {@code the output /out is being written}
   * @param application the id of the Spark application
   * @throws StrataException if another run holds it, or it cannot be written
   */
  public static RunLock acquire(Configuration conf, Path file, String what, String application) {
    try {
      return RunLock.acquire(DataFiles.fileSystem(conf, file), file, what, application);
    } catch (IOException e) {
      throw DataErrors.lock(file.toString(), e);
    }
  }

  /**
   * Looks whether a lock could be taken, and changes nothing.
   *
   * @throws StrataException if another run holds it, or one cannot know
   */
  public static void requireFree(Configuration conf, Path file, String what) {
    try {
      RunLock.requireFree(DataFiles.fileSystem(conf, file), file, what);
    } catch (IOException e) {
      throw DataErrors.lock(file.toString(), e);
    }
  }

  /** Looks at a lock, and changes nothing; empty if there is none. */
  static Optional<LockState> look(Configuration conf, Path file) throws IOException {
    return RunLock.look(DataFiles.fileSystem(conf, file), file);
  }
}
