package dev.strata.job.dataset;

import dev.strata.udfs.api.StrataException;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.util.Optional;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.LocatedFileStatus;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.RemoteIterator;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/**
 * The rows of a run.
 *
 * @param format the form they are read in
 */
public record Input(Dataset<Row> rows, DataFormat format) {

  /**
   * Opens files; nothing is read but what their schema needs.
   *
   * @param location a file, a directory or a pattern such as {@code in/*.parquet}
   * @param format the format's name, or {@code auto} to go by the name of the location or else of
   *     the first file in it
   * @throws StrataException if there is nothing or it cannot be read
   */
  public static Input open(SparkSession session, String location, String format) {
    try {
      DataFormat known = format(session, new Path(location), format);
      return new Input(session.read().format(known.word()).load(location), known);
    } catch (IOException e) {
      throw unreadable(location, e);
    } catch (Exception e) { // AnalysisException is checked in Scala only
      throw e instanceof StrataException strata ? strata : unreadable(location, e);
    }
  }

  private static DataFormat format(SparkSession session, Path location, String word)
      throws IOException {
    FileSystem files = location.getFileSystem(session.sparkContext().hadoopConfiguration());
    FileStatus[] found = files.globStatus(location);
    if (found == null || found.length == 0) {
      throw StrataException.data("the input %s does not exist", location);
    }
    Optional<DataFormat> named =
        DataFormat.named(word).or(() -> DataFormat.ofName(location.getName()));
    return named.isPresent() ? named.get() : formatOfFirstFile(files, found[0].getPath(), location);
  }

  private static DataFormat formatOfFirstFile(FileSystem files, Path root, Path location)
      throws IOException {
    RemoteIterator<LocatedFileStatus> all = files.listFiles(root, true);
    while (all.hasNext()) {
      String name = all.next().getPath().getName();
      Optional<DataFormat> format = DataFormat.ofName(name);
      if (format.isPresent() && !name.startsWith("_") && !name.startsWith(".")) {
        return format.get();
      }
    }
    throw StrataException.data(
        "the names of the files in %s do not tell their form; set --input-format to parquet or"
            + " json",
        location);
  }

  private static StrataException unreadable(String location, Exception e) {
    String reason =
        e instanceof FileNotFoundException ? "it does not exist" : Messages.firstLine(e);
    return new StrataException(
        StrataException.Fault.DATA,
        "the input %s cannot be read: %s".formatted(location, reason),
        e);
  }
}
