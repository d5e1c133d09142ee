package dev.strata.job.dataset;

import java.io.FileNotFoundException;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/** The rows in a directory that were being written and are not yet among its files. */
record Unfinished(FileSystem files, Path directory) {

  /** Where Spark's writers keep files until the job is committed. */
  static final String FOLDER = "_temporary";

  /** Where Hadoop's committers say that they are through. */
  static final String COMMITTED = "_SUCCESS";

  static Unfinished at(FileSystem files, Path directory) {
    return new Unfinished(files, directory);
  }

  /** Whether there are any. */
  boolean exist() throws IOException {
    return files.exists(new Path(directory, FOLDER));
  }

  /**
   * Removes them if nobody writes them any more, and the directory if nothing else is in it. They
   * stay where others of the same run may be among the directory's files already: without them,
   * those would pass for all rows.
   *
   * @return whether anything was removed
   */
  boolean clear() throws IOException {
    List<String> names = names();
    boolean alone = names.stream().allMatch(FOLDER::equals);
    boolean isDirectory = files.exists(directory) && files.getFileStatus(directory).isDirectory();
    if (alone && isDirectory) {
      return files.delete(directory, true);
    }
    return names.contains(FOLDER)
        && names.contains(COMMITTED)
        && files.delete(new Path(directory, FOLDER), true);
  }

  private List<String> names() throws IOException {
    try {
      return Arrays.stream(files.listStatus(directory))
          .map(FileStatus::getPath)
          .filter(path -> !path.equals(directory))
          .map(Path::getName)
          .toList();
    } catch (FileNotFoundException e) {
      return List.of();
    }
  }
}
