package dev.strata.job.dataset;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.LocatedFileStatus;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.RemoteIterator;

/**
 * The files of a directory, which are moved into another, each to the same place within. A move
 * that was stopped can be begun again: a file is whole in the directory that it comes from, or no
 * more there and whole in the other.
 */
record MovedFiles(FileSystem files, Path from, Path to) {

  /**
   * Moves those that are still there.
   *
   * @param names which of them
   */
  void move(Predicate<String> names) throws IOException {
    for (Path file : left(names)) {
      move(file, place(file));
    }
  }

  private List<Path> left(Predicate<String> names) throws IOException {
    List<Path> left = new ArrayList<>();
    RemoteIterator<LocatedFileStatus> all = files.listFiles(from, true);
    while (all.hasNext()) {
      Path file = all.next().getPath();
      if (names.test(file.getName())) {
        left.add(file);
      }
    }
    return left;
  }

  private Path place(Path file) {
    Path directory = file.getParent();
    return directory.equals(files.makeQualified(from))
        ? new Path(to, file.getName())
        : new Path(place(directory), file.getName());
  }

  /** A copy that is there already may be half of one, of a rename that was stopped. */
  private void move(Path file, Path place) throws IOException {
    files.mkdirs(place.getParent());
    files.delete(place, false);
    if (!files.rename(file, place)) {
      throw new IOException(file + " cannot be moved to " + place);
    }
  }
}
