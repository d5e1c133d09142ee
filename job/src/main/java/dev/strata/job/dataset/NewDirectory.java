package dev.strata.job.dataset;

import dev.strata.udfs.api.StrataException;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.util.UUID;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A hidden directory beside the one that it will become. Readers see the old content until the new
 * is complete, and the old is deleted only then. On object stores, where a directory cannot be
 * renamed at once, the change takes as long as copying.
 */
final class NewDirectory {

  static final String NEW = "new";
  static final String OLD = "old";

  private static final Logger LOG = LoggerFactory.getLogger(NewDirectory.class);

  private final FileSystem files;
  private final Path target;
  private final Path path;
  private final Path old;

  private NewDirectory(FileSystem files, Path target, String id) {
    this.files = files;
    this.target = target;
    this.path = beside(target, NEW, id);
    this.old = beside(target, OLD, id);
  }

  static Path beside(Path target, String kind, String id) {
    return new Path(target.getParent(), "." + target.getName() + "." + kind + "-" + id);
  }

  /** A name that nobody else has; the directory is not made. */
  static NewDirectory of(FileSystem files, Path target) {
    String id = UUID.randomUUID().toString().substring(0, 8);
    return new NewDirectory(files, files.makeQualified(target), id);
  }

  /** Where to write. */
  Path path() {
    return path;
  }

  /**
   * Puts the new directory in the place of the old one, if there is one.
   *
   * @throws StrataException if that fails; then the old one is in its place
   */
  void replaceTarget() {
    try {
      boolean replaces = files.exists(target);
      if (replaces) {
        rename(target, old);
      }
      moveIn(replaces);
    } catch (IOException e) {
      throw DataErrors.output(target.toString(), e);
    }
    delete(old); // a leftover is in nobody's way
  }

  private void moveIn(boolean replaces) throws IOException {
    try {
      rename(path, target);
    } catch (IOException e) {
      if (replaces) {
        rename(old, target);
      }
      throw e;
    }
  }

  /** Most file systems say no by a return value. */
  private void rename(Path from, Path to) throws IOException {
    if (!files.rename(from, to)) {
      throw new IOException(from + " cannot be renamed to " + to);
    }
  }

  /** Removes the new directory if it is still beside the target. */
  void discard() {
    delete(path);
  }

  private void delete(Path directory) {
    try {
      files.delete(directory, true);
    } catch (FileNotFoundException e) {
      LOG.debug("{} is gone already", directory);
    } catch (IOException e) {
      LOG.warn("{} cannot be removed: {}", directory, e.getMessage(), e);
    }
  }
}
