package dev.strata.job.dataset;

import java.io.IOException;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The files of an output where none were before: they are written in their place, and Spark moves
 * them among each other one by one. A mark beside the output says that this is not over, so that a
 * part of them never passes for all rows:
 *
 * <pre>{@code
 * out                the files so far
 * .out.first-write   the mark
 * }</pre>
 */
final class FirstFiles {

  private static final Logger LOG = LoggerFactory.getLogger(FirstFiles.class);

  private final FileSystem files;
  private final Path target;
  private final Path mark;
  private final Path folder;

  private FirstFiles(FileSystem files, Path target) {
    this.files = files;
    this.target = target;
    this.mark = NewDirectory.beside(target, "first", "write");
    this.folder = new Path(target, Unfinished.FOLDER);
  }

  static FirstFiles of(FileSystem files, Path target) {
    return new FirstFiles(files, files.makeQualified(target));
  }

  /** Sets the mark, where one may write beside the output. */
  void begin() {
    try {
      if (target.getParent() != null) {
        files.mkdirs(mark);
      }
    } catch (IOException e) {
      LOG.debug("nothing can be written beside {}", target, e);
    }
  }

  /** All files are there. */
  void end() throws IOException {
    if (target.getParent() != null) {
      files.delete(mark, true);
    }
  }

  /**
   * Whether a run began to write, and did not end: Spark's folder is there until all files are in
   * their place, and in a directory that somebody put there since it is not.
   */
  boolean areBegun() throws IOException {
    return isMarked() && files.exists(folder) && !isCommitted();
  }

  private boolean isMarked() throws IOException {
    return target.getParent() != null && files.exists(mark);
  }

  private boolean isCommitted() throws IOException {
    return files.exists(new Path(target, Unfinished.COMMITTED));
  }

  /** Removes what this run wrote, which failed. Spark removes its folder then, and no more. */
  void discard() throws IOException {
    if (isMarked() && !isCommitted() && files.exists(target)) {
      files.mkdirs(folder);
    }
    clear();
  }

  /**
   * Removes what a run that did not end wrote, and the mark. Nobody else may be at work. Spark's
   * folder goes last: while it is there, nothing passes for an output.
   *
   * @return whether there was such a run
   */
  boolean clear() throws IOException {
    boolean isLeft = areBegun();
    if (isLeft) {
      for (FileStatus file : files.listStatus(target)) {
        if (isOfRun(file)) {
          files.delete(file.getPath(), true);
        }
      }
      Unfinished.at(files, target).clear();
      files.delete(folder, true);
    }
    end();
    return isLeft;
  }

  private static boolean isOfRun(FileStatus file) {
    String name = file.getPath().getName();
    boolean isHidden = DataFiles.isHidden(name) && !name.equals(Unfinished.FOLDER);
    return isHidden || (file.isDirectory() ? name.contains("=") : name.startsWith("part-"));
  }
}
