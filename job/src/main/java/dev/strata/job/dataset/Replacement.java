package dev.strata.job.dataset;

import dev.strata.udfs.api.StrataException;
import java.io.FileNotFoundException;
import java.io.IOException;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/**
 * An output directory that is written anew beside the old one and takes its place as a whole. Names
 * that begin with a dot are no data to Spark, so all of this may lie within a partitioned data set:
 *
 * <pre>{@code
 * out                        the output
 * .out.strata-lock           held by the run that writes
 * .out.strata-journal        what its rows have produced, until the output is there
 * .out.new-<id>              what it has written so far
 * }</pre>
 *
 * <p>Whenever a run is killed, there is the old output or the new one, complete; the latter may be
 * beside the output's place yet, and the next run that takes the place puts it there.
 */
public final class Replacement {

  private final FileSystem files;
  private final Path target;
  private final NewDirectory part;

  private Replacement(FileSystem files, Path target) {
    this.files = files;
    this.target = target;
    this.part = NewDirectory.of(files, target);
  }

  /** The replacement of a directory. */
  public static Replacement of(Configuration conf, String location) throws IOException {
    Path path = new Path(location);
    FileSystem files = path.getFileSystem(conf);
    return new Replacement(files, files.makeQualified(path));
  }

  /** The lock that a run on an output holds. */
  public static Path lock(Configuration conf, String location) throws IOException {
    Path path = new Path(location);
    return sibling(path.getFileSystem(conf).makeQualified(path), "lock");
  }

  /** The directory of what a run's rows have produced, until its output is there. */
  public static Path journal(Configuration conf, String location) throws IOException {
    Path path = new Path(location);
    return sibling(path.getFileSystem(conf).makeQualified(path), "journal");
  }

  private static Path sibling(Path target, String suffix) {
    return new Path(target.getParent(), "." + target.getName() + ".strata-" + suffix);
  }

  /**
   * Whether there is an output; an empty directory is none.
   *
   * @throws StrataException if something else is in its place
   */
  public boolean exists() throws IOException {
    try {
      FileStatus[] found = files.listStatus(target);
      for (FileStatus status : found) {
        if (status.getPath().equals(target)) {
          throw notAnOutput("it is a file");
        }
        String name = status.getPath().getName();
        if (!name.matches("[._].*|part-.*") || name.contains("=")) {
          throw notAnOutput("it holds " + name);
        }
      }
      return found.length > 0;
    } catch (FileNotFoundException e) {
      return false;
    }
  }

  private StrataException notAnOutput(String why) {
    return StrataException.data(
        "%s is not the output of an earlier run, since %s; name another output", target, why);
  }

  /**
   * Takes note of what is read.
   *
   * @throws StrataException if the output would replace it
   */
  public void accept(Input input) {
    input.requireApart(new DataFiles(files, target));
  }

  /** Where the new output is to be written. */
  public Path part() {
    return part.path();
  }

  /**
   * Puts what was written in the output's place, which the lock must be held for.
   *
   * @throws StrataException if that fails
   */
  public void commit() {
    part.replaceTarget();
  }

  /** Clears away what was written, if anything was; to be called when no task is running. */
  public void discard() {
    part.discard();
  }
}
