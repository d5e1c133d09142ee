package dev.strata.job.dataset;

import dev.strata.udfs.api.StrataException;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.util.UUID;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * An output directory that is written anew beside the old one and takes its place as a whole. Names
 * that begin with a dot are no data to Spark, so all of this may lie within a partitioned data set:
 *
 * <pre>{@code
 * out                        the output
 * .out.strata-lock           held by the run that writes
 * .out.strata-journal        what its rows have produced, until the output is there
 * .out.strata-part-<token>   what it has written so far
 * .out.strata-new            a new output that is complete, about to take its place
 * .out.strata-old            the old output, about to be removed
 * }</pre>
 *
 * <p>Whenever a run is killed, there is the old output or the new one, complete; between two
 * renames it is beside the output's place, and the next run puts it there. This takes renames that
 * are atomic, as those of local disks and HDFS are. All methods want the lock to be held.
 */
public final class Replacement {

  private static final Logger LOG = LoggerFactory.getLogger(Replacement.class);

  private final FileSystem files;
  private final Path target;
  private final Path part;

  private Replacement(FileSystem files, Path target) {
    this.files = files;
    this.target = target;
    this.part = sibling(target, "part-" + UUID.randomUUID());
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

  /** Finishes or clears away what killed runs left. */
  public void recover() throws IOException {
    if (files.exists(complete())) {
      LOG.warn("{} is replaced by what a run that was killed had completed", target);
      takePlace();
    } else if (files.exists(old())) {
      restoreOrDelete();
    }
    FileStatus[] left = files.globStatus(parts(target));
    for (FileStatus part : left == null ? new FileStatus[0] : left) {
      LOG.warn("{}, which a run that was killed left, is cleared away", part.getPath());
      files.delete(part.getPath(), true);
    }
  }

  private void restoreOrDelete() throws IOException {
    if (files.exists(target)) {
      LOG.warn("{}, which a run that was killed left, is cleared away", old());
      files.delete(old(), true);
    } else {
      LOG.warn("{} is put back, which a run that was killed was about to replace", target);
      rename(old(), target);
    }
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
    return part;
  }

  /** Puts what was written in the output's place. */
  public void commit() throws IOException {
    if (files.exists(target)) {
      rename(part, complete());
      takePlace();
    } else {
      rename(part, target);
    }
  }

  private void takePlace() throws IOException {
    if (files.exists(target)) {
      files.delete(old(), true);
      rename(target, old());
    }
    rename(complete(), target);
    files.delete(old(), true);
  }

  /** Clears away what was written, if anything was; to be called when no task is running. */
  public void discard() throws IOException {
    files.delete(part, true);
  }

  private Path complete() {
    return complete(target);
  }

  /** A new output that is about to take its place. */
  static Path complete(Path target) {
    return sibling(target, "new");
  }

  private Path old() {
    return old(target);
  }

  /** The old output that is about to be removed. */
  static Path old(Path target) {
    return sibling(target, "old");
  }

  /** A pattern of all that was written so far for a new output. */
  static Path parts(Path target) {
    return sibling(target, "part-*");
  }

  private void rename(Path from, Path to) throws IOException {
    if (!files.rename(from, to)) {
      throw new IOException("%s cannot be renamed to %s".formatted(from, to));
    }
  }
}
