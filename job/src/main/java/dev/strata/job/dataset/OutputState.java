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
 *     Where a run was killed as it replaced an output, it is beside the output's place
 * @param lock of the run that has the place; empty if there is none
 * @param remains what runs left that were killed, or have while they are at work
 */
public record OutputState(Optional<Path> rows, Optional<LockState> lock, List<Remains> remains) {

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
      boolean isThere = isThere();
      List<Remains> remains = new ArrayList<>();
      Optional<Path> rows = isThere ? Optional.of(target) : Optional.empty();
      if (target.getParent() == null) {
        return new OutputState(rows, Optional.empty(), remains);
      }
      for (Path old : found(NewDirectory.beside(target, NewDirectory.OLD, "*"))) {
        rows = rows.isPresent() ? rows : Optional.of(old);
        remains.add(old(old, isThere));
      }
      Path set = Replacement.old(target);
      if (files.exists(set)) {
        rows = rows.isPresent() ? rows : Optional.of(set);
        remains.add(old(set, isThere));
      }
      Path complete = Replacement.complete(target);
      if (files.exists(complete)) {
        rows = Optional.of(complete);
        remains.add(
            new Remains(
                complete,
                "a new output that is complete; the next run that replaces the output puts it in"
                    + " its place"));
      }
      addUnfinished(remains);
      return new OutputState(rows, lock(), remains);
    }

    /** An empty directory, or one with nothing but unfinished rows, is no output. */
    private boolean isThere() throws IOException {
      return Arrays.stream(list())
          .map(status -> status.getPath().getName())
          .anyMatch(name -> !name.equals(Unfinished.FOLDER));
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

    private List<Path> found(Path pattern) throws IOException {
      FileStatus[] found = files.globStatus(pattern);
      return found == null ? List.of() : Arrays.stream(found).map(FileStatus::getPath).toList();
    }

    private static Remains old(Path path, boolean isThere) {
      return new Remains(
          path,
          isThere
              ? "the output before the last one; the next run clears it away"
              : "the output, which was about to be replaced; the next run puts it back");
    }

    private void addUnfinished(List<Remains> remains) throws IOException {
      List<Path> unfinished = new ArrayList<>(found(Replacement.parts(target)));
      unfinished.addAll(found(NewDirectory.beside(target, NewDirectory.NEW, "*")));
      for (Path part : unfinished) {
        remains.add(new Remains(part, "rows of a new output; the next run clears them away"));
      }
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
