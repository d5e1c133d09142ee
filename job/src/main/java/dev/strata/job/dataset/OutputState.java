package dev.strata.job.dataset;

import dev.strata.udfs.lock.LockState;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/**
 * What there is at an output's place and beside it, as somebody finds it who changes nothing.
 *
 * @param rows the directory with all rows of a run that came to its end; empty if there is none.
 *     Where a run was killed as it replaced an output, it is beside the output's place, or there
 *     are two that have them together
 * @param lock of the run that has the place; empty if there is none
 * @param remains what runs left that were killed, or have while they are at work
 */
public record OutputState(List<Path> rows, Optional<LockState> lock, List<Remains> remains) {

  private static final String COMPLETE =
      "a new output that is complete; the next run on the output puts it in its place";

  private static final String BEGUN = "rows of a new output; the next run clears them away";

  /**
   * What a run left.
   *
   * @param meaning for people: what it is, and what becomes of it
   */
  public record Remains(Path path, String meaning) {}

  /**
   * Looks at an output of files.
   *
   * @throws dev.strata.udfs.api.StrataException if one cannot know, or something else is there
   */
  public static OutputState of(Configuration conf, String location) {
    try {
      Path path = new Path(location);
      FileSystem files = DataFiles.fileSystem(conf, path);
      return new Look(conf, files, files.makeQualified(path)).state();
    } catch (IOException | IllegalArgumentException e) {
      throw DataErrors.status(location, e);
    }
  }

  private record Look(Configuration conf, FileSystem files, Path target) {

    OutputState state() throws IOException {
      List<Path> rows = isThere() ? List.of(target) : List.of();
      List<Remains> remains = new ArrayList<>();
      if (target.getParent() == null) {
        return new OutputState(rows, Optional.empty(), remains);
      }
      for (NewDirectory beside : NewDirectory.all(files, target)) {
        boolean isWhole = beside.isWhole();
        rows = isWhole ? beside.places() : rows;
        remains.add(new Remains(beside.path(), isWhole ? COMPLETE : BEGUN));
      }
      addUnfinished(remains);
      return new OutputState(rows, lock(), remains);
    }

    /** An empty directory, or one with nothing but a part of the rows, is no output. */
    private boolean isThere() throws IOException {
      boolean hasFiles =
          Arrays.stream(list())
              .map(status -> status.getPath().getName())
              .anyMatch(name -> !name.equals(Unfinished.FOLDER));
      return hasFiles && !FirstFiles.of(files, target).areBegun();
    }

    private FileStatus[] list() throws IOException {
      try {
        FileStatus[] found = files.listStatus(target);
        if (found.length == 1 && found[0].getPath().equals(target)) {
          throw new IOException("it is a file, and outputs are directories");
        }
        return found;
      } catch (FileNotFoundException e) {
        return new FileStatus[0];
      }
    }

    private void addUnfinished(List<Remains> remains) throws IOException {
      Path folder = new Path(target, Unfinished.FOLDER);
      if (files.exists(folder)) {
        remains.add(new Remains(folder, "rows that are not yet part of the output"));
      }
    }

    private Optional<LockState> lock() throws IOException {
      return Locks.look(conf, Replacement.lock(conf, target.toString()));
    }
  }
}
