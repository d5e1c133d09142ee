package dev.strata.job.dataset;

import java.io.IOException;
import java.util.UUID;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A hidden directory of files that are added to those of an output once all are written. Then a
 * mark is put among them, and each is moved: to readers they appear one by one, within the time of
 * as many renames. A run that is killed before the mark has added nothing; one that is killed after
 * it has added all, since the next run on the output moves what was left. On object stores, where a
 * rename is a copy, moving takes as long as copying.
 */
final class AddedFiles {

  static final String KIND = "add";

  /** Says that all files are written: they are to be added, whoever finds them. */
  static final String MARK = "_complete";

  private static final Logger LOG = LoggerFactory.getLogger(AddedFiles.class);

  private final FileSystem files;
  private final Path target;
  private final Path path;

  private AddedFiles(FileSystem files, Path target, Path path) {
    this.files = files;
    this.target = target;
    this.path = path;
  }

  /** A directory of a name that nobody else has; it is not made. */
  static AddedFiles to(FileSystem files, Path target) {
    String id = UUID.randomUUID().toString().substring(0, 8);
    Path whole = files.makeQualified(target);
    return new AddedFiles(files, whole, NewDirectory.beside(whole, KIND, id));
  }

  /** The directory of a run that was killed. */
  static AddedFiles left(FileSystem files, Path target, Path path) {
    return new AddedFiles(files, files.makeQualified(target), path);
  }

  /** Where to write. */
  Path path() {
    return path;
  }

  /** Whether the directory can be made, which then is there. */
  boolean isPossible() {
    try {
      return target.getParent() != null && files.mkdirs(path);
    } catch (IOException e) {
      LOG.debug("nothing can be written beside {}", target, e);
      return false;
    }
  }

  /** Adds the files. */
  void add() throws IOException {
    files.create(new Path(path, MARK), true).close();
    move();
  }

  /** Whether a run that was killed was about to move the files, or at it. */
  boolean areComplete() throws IOException {
    return files.exists(new Path(path, MARK));
  }

  /** Moves the files that are not moved yet. The mark goes last, with the directory. */
  void move() throws IOException {
    new MovedFiles(files, path, target).move(name -> !DataFiles.isHidden(name));
    if (files.exists(new Path(path, Unfinished.COMMITTED))) {
      files.create(new Path(target, Unfinished.COMMITTED), true).close();
    }
    files.delete(path, true);
  }

  /** Removes what was written, unless it is to be added. */
  void discard() {
    try {
      if (areComplete()) {
        LOG.warn("the rows in {} are complete; the next run on {} adds them", path, target);
      } else {
        files.delete(path, true);
      }
    } catch (IOException e) {
      LOG.warn("{} cannot be removed: {}", path, e.getMessage(), e);
    }
  }
}
