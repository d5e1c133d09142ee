package dev.strata.job.dataset;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicBoolean;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A hidden directory that is written beside the one that it will become:
 *
 * <pre>{@code
 * out               the old one, if there is one
 * .out.new-<id>     the new one
 * .out.whole-<id>   a mark: the new one is whole, so that the old one may go
 * .out.moving-<id>  a mark: the old one is gone, and what is in its place is of the new one
 * .out.old-<id>     the old one on a local disk, where renaming is at once and deleting is not
 * }</pre>
 *
 * <p>Readers see the old content until the new is whole. No rename need be atomic: where a
 * directory is renamed file by file, as object stores do it, the marks say of each moment in which
 * a run may be killed what its files are, and the next run on the output goes on from there. Before
 * the first mark the old content counts, and the new one from then on.
 */
final class NewDirectory {

  static final String NEW = "new";

  private static final String WHOLE = "whole";
  private static final String MOVING = "moving";
  private static final String OLD = "old";

  private static final Logger LOG = LoggerFactory.getLogger(NewDirectory.class);

  private final FileSystem files;
  private final Path target;
  private final Path path;
  private final Path whole;
  private final Path moving;
  private final Path old;

  /** Until it is put in its place or discarded, which two threads could try to do. */
  private final AtomicBoolean isOpen = new AtomicBoolean(true);

  private NewDirectory(FileSystem files, Path target, String id) {
    this.files = files;
    this.target = target;
    this.path = beside(target, NEW, id);
    this.whole = beside(target, WHOLE, id);
    this.moving = beside(target, MOVING, id);
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

  /** All that are beside a directory, of runs that were killed or are at work. */
  static List<NewDirectory> all(FileSystem files, Path target) throws IOException {
    return found(files, target, NEW);
  }

  /** Finishes what runs that were killed had begun to put in a directory's place. */
  static void recover(FileSystem files, Path target) throws IOException {
    for (String mark : List.of(MOVING, WHOLE)) {
      for (NewDirectory left : found(files, target, mark)) {
        LOG.warn("{} is put in the place of {}, as a run that was killed began to", left, target);
        left.takePlace();
      }
    }
    Path unfinished = beside(pattern(files, target), NEW, "*");
    for (Path left : found(files, unfinished)) {
      remove(files, left);
    }
    for (Path left : found(files, beside(unfinished, "*", "*"))) { // of one that it was to become
      remove(files, left);
    }
  }

  private static void remove(FileSystem files, Path left) throws IOException {
    LOG.warn("{}, which a run that was killed left, is cleared away", left);
    files.delete(left, true);
  }

  private static List<NewDirectory> found(FileSystem files, Path target, String kind)
      throws IOException {
    Path whole = files.makeQualified(target);
    int prefix = beside(whole, kind, "").getName().length();
    return found(files, beside(pattern(files, target), kind, "*")).stream()
        .map(path -> new NewDirectory(files, whole, path.getName().substring(prefix)))
        .toList();
  }

  private static List<Path> found(FileSystem files, Path pattern) throws IOException {
    FileStatus[] found = files.globStatus(pattern);
    return found == null ? List.of() : Arrays.stream(found).map(FileStatus::getPath).toList();
  }

  private static Path pattern(FileSystem files, Path target) {
    return new Path(DataFiles.literal(files.makeQualified(target)));
  }

  /** Where to write. */
  Path path() {
    return path;
  }

  /** Whether all was written. */
  boolean isWhole() throws IOException {
    return files.exists(whole);
  }

  /**
   * Where its files are: in its own place, and in that of the directory that it becomes if some may
   * have been moved.
   */
  List<Path> places() throws IOException {
    return files.exists(moving) && files.exists(target) ? List.of(path, target) : List.of(path);
  }

  /**
   * Puts the new directory in the place of the old one, if there is one.
   *
   * @throws dev.strata.udfs.api.StrataException if that fails; then the old one is as it was, or
   *     the next run on the output goes on with it
   */
  void replaceTarget() {
    try {
      declareWhole();
      goOn();
    } catch (IOException e) {
      throw DataErrors.output(target.toString(), e);
    }
  }

  private void declareWhole() throws IOException {
    if (!isOpen.compareAndSet(true, false) || !files.exists(path)) {
      throw new IOException(path + " was removed");
    }
    mark(whole);
  }

  private void goOn() throws IOException {
    try {
      takePlace();
    } catch (IOException e) {
      LOG.warn("all rows are in {}, and the next run on {} puts them there", path, target);
      throw e;
    }
  }

  /** A directory, since these are made at once everywhere, and have no sums of their bytes. */
  private void mark(Path mark) throws IOException {
    if (!files.mkdirs(mark)) {
      throw new IOException(mark + " cannot be made");
    }
  }

  /** A mark without its directory is of one that is in its place. */
  private void takePlace() throws IOException {
    if (files.exists(path)) {
      if (!files.exists(moving)) {
        clearTarget();
        mark(moving);
      }
      move();
      files.delete(path, true);
    }
    files.delete(old, true);
    files.delete(whole, true);
    files.delete(moving, true);
  }

  /** An old file that stayed would pass for one of the new ones. */
  private void clearTarget() throws IOException {
    if (!isLocal() || !files.exists(target) || !files.rename(target, old)) {
      files.delete(target, true);
    }
    if (files.exists(target) && files.listFiles(target, true).hasNext()) {
      throw new IOException(target + " cannot be removed");
    }
  }

  private boolean isLocal() {
    return files.getUri().getScheme().equals("file");
  }

  /** An empty directory in the target's place may be one that cannot be removed. */
  private void move() throws IOException {
    if (files.exists(target)) {
      new MovedFiles(files, path, target).move(name -> true);
    } else if (!files.rename(path, target)) {
      throw new IOException(path + " cannot be renamed to " + target);
    }
  }

  /** Removes the new directory, unless it is about to take its place. */
  void discard() {
    try {
      if (isOpen.compareAndSet(true, false)) {
        files.delete(path, true);
      }
    } catch (FileNotFoundException e) {
      LOG.debug("{} is gone already", path);
    } catch (IOException e) {
      LOG.warn("{} cannot be removed: {}", path, e.getMessage(), e);
    }
  }

  @Override
  public String toString() {
    return path.toString();
  }
}
