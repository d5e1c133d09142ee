package dev.strata.job.dataset;

import dev.strata.udfs.api.StrataException;
import dev.strata.udfs.lock.RunLock;
import java.io.IOException;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The place of an output of files, which one run has at a time. Whoever has it knows that what
 * earlier runs left there and did not finish is nobody's any more, and clears it away.
 */
public final class OutputPlace {

  private static final Logger LOG = LoggerFactory.getLogger(OutputPlace.class);

  private final FileSystem files;
  private final Path target;

  private OutputPlace(FileSystem files, Path target) {
    this.files = files;
    this.target = target;
  }

  private static OutputPlace of(Configuration conf, String location) throws IOException {
    Path path = new Path(location);
    FileSystem files = path.getFileSystem(conf);
    return new OutputPlace(files, files.makeQualified(path));
  }

  /**
   * Looks whether another run has the place, and changes nothing.
   *
   * @throws StrataException if one has, or one cannot know
   */
  public static void requireFree(Configuration conf, String location) {
    try {
      OutputPlace place = of(conf, location);
      if (place.hasRoomBeside()) {
        Locks.requireFree(conf, Replacement.lock(conf, location), taken(location));
      }
    } catch (IOException e) {
      throw DataErrors.output(location, e);
    }
  }

  /**
   * Takes the place and clears it.
   *
   * @param application the id of the Spark application
   * @throws StrataException if another run has it, or it cannot be taken
   */
  public static RunLock claim(Configuration conf, String location, String application) {
    try {
      RunLock lock =
          Locks.acquire(conf, Replacement.lock(conf, location), taken(location), application);
      of(conf, location).clear(lock.tookOver());
      return lock;
    } catch (IOException e) {
      throw DataErrors.output(location, e);
    }
  }

  /**
   * Takes the place if a lock can be written beside it; a directory of somebody else's, which one
   * may write into and not beside, has room for rows and none for a lock.
   */
  public static Optional<RunLock> claimIfPossible(
      Configuration conf, String location, String application) {
    try {
      return of(conf, location).hasRoomBeside()
          ? Optional.of(claim(conf, location, application))
          : Optional.empty();
    } catch (StrataException e) {
      if (e.fault() == StrataException.Fault.LOCKED) {
        throw e;
      }
      LOG.debug("no lock beside {}", location, e);
      return Optional.empty();
    } catch (IOException e) {
      LOG.debug("no lock beside {}", location, e);
      return Optional.empty();
    }
  }

  private static String taken(String location) {
    return "the output " + location + " is being written";
  }

  /** Nothing is beside the root of a file system. */
  private boolean hasRoomBeside() {
    return target.getParent() != null;
  }

  private void clear(boolean killed) throws IOException {
    NewDirectory.recover(files, target);
    boolean isCleared = FirstFiles.of(files, target).clear();
    if ((killed && Unfinished.at(files, target).clear()) || isCleared) {
      LOG.warn("what a run that was killed left unfinished in {} is cleared away", target);
    }
    for (FileStatus added : beside(AddedFiles.KIND)) {
      addOrRemove(added.getPath());
    }
  }

  private void addOrRemove(Path left) throws IOException {
    AddedFiles added = AddedFiles.left(files, target, left);
    if (added.areComplete()) {
      added.move();
      LOG.warn("{} has the rows that a run was about to add when it was killed", target);
    } else {
      remove(left);
    }
  }

  private FileStatus[] beside(String kind) throws IOException {
    FileStatus[] found = files.globStatus(NewDirectory.beside(target, kind, "*"));
    return found == null ? new FileStatus[0] : found;
  }

  private void remove(Path left) throws IOException {
    if (files.delete(left, true)) {
      LOG.warn("{}, which a run that was killed left, is cleared away", left);
    }
  }
}
