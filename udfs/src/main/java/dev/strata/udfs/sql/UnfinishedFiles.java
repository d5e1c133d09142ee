package dev.strata.udfs.sql;

import dev.strata.udfs.api.StrataException;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.LocatedFileStatus;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.RemoteIterator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The files of a query that may be killed while it writes them, moves them to those of a table, or
 * has not yet said that they are there. A mark in the query's journal tells them from everybody
 * else's:
 *
 * <pre>{@code
 * <journal>/write-<job>   the mark: it has the directory that they come to
 * part-00000-<job>-c000   one of them, wherever below that directory
 * }</pre>
 *
 * <p>The mark goes with the journal. While it is there, the query is not over, and none of its rows
 * count. What lies in Spark's folder is removed as well: it would be added by whoever writes next.
 */
final class UnfinishedFiles {

  private static final Logger LOG = LoggerFactory.getLogger(UnfinishedFiles.class);

  private static final String MARK = "write-";

  /** Says that a mark was written whole. */
  private static final String END = "\n";

  private final Configuration hadoop;
  private final Path journal;

  private UnfinishedFiles(Configuration hadoop, Path journal) {
    this.hadoop = hadoop;
    this.journal = journal;
  }

  /** Those of the query that has a journal. */
  static UnfinishedFiles of(Configuration hadoop, String journal) {
    return new UnfinishedFiles(hadoop, new Path(journal));
  }

  /**
   * Sets the mark.
   *
   * @param directory that files come to
   * @param job stands in their names
   */
  void mark(String directory, String job) throws IOException {
    Path mark = new Path(journal, MARK + job);
    try (FSDataOutputStream out = journal.getFileSystem(hadoop).create(mark, true)) {
      out.write((directory + END).getBytes(StandardCharsets.UTF_8));
    }
  }

  /**
   * Removes them, and then the marks. Nobody else may be at work on the query.
   *
   * @throws StrataException if that fails: the rows would be there twice
   */
  void clear() {
    try {
      FileSystem files = journal.getFileSystem(hadoop);
      for (Path mark : marks(files)) {
        String directory = content(files, mark);
        if (directory.endsWith(END)) {
          clear(mark.getName().substring(MARK.length()), new Path(directory.strip()));
        } // else there were no files yet
        files.delete(mark, false);
      }
    } catch (IOException e) {
      throw new StrataException(
          StrataException.Fault.DATA,
          ("what a query that was killed left unfinished cannot be cleared away, as %s says: %s;"
                  + " see to the file system")
              .formatted(journal, e.getMessage()),
          e);
    }
  }

  private List<Path> marks(FileSystem files) throws IOException {
    List<Path> marks = new ArrayList<>();
    try {
      for (FileStatus status : files.listStatus(journal)) {
        if (status.getPath().getName().startsWith(MARK)) {
          marks.add(status.getPath());
        }
      }
    } catch (FileNotFoundException e) {
      LOG.debug("there is no {} yet", journal);
    }
    return marks;
  }

  private static String content(FileSystem files, Path mark) throws IOException {
    try (FSDataInputStream in = files.open(mark)) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  private void clear(String job, Path directory) throws IOException {
    FileSystem files = directory.getFileSystem(hadoop);
    int cleared = 0;
    for (Path file : files(files, directory)) {
      if (file.getName().contains(job)) {
        files.delete(file, false);
        cleared++;
      }
    }
    if (cleared > 0) {
      LOG.warn(
          "{} files that a query which was killed left unfinished in {} are cleared away",
          cleared,
          directory);
    }
  }

  private static List<Path> files(FileSystem files, Path directory) throws IOException {
    List<Path> found = new ArrayList<>();
    try {
      RemoteIterator<LocatedFileStatus> all = files.listFiles(directory, true);
      while (all.hasNext()) {
        found.add(all.next().getPath());
      }
    } catch (FileNotFoundException e) {
      LOG.debug("there is no {} yet", directory);
    }
    return found;
  }
}
