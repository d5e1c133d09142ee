package dev.strata.job.dataset;

import dev.strata.udfs.api.StrataException;
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
      Dataset<Row> rows = session.read().format(known.word()).load(location);
      return new Input(requireColumns(rows, location), known);
    } catch (IOException e) {
      throw DataErrors.input(location, e);
    } catch (Exception e) { // AnalysisException is checked in Scala only
      throw e instanceof StrataException strata ? strata : DataErrors.input(location, e);
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

  private static Dataset<Row> requireColumns(Dataset<Row> rows, String location) {
    String[] columns = rows.columns();
    if (columns.length == 0) {
      throw StrataException.data("the input %s is empty; give one that has rows", location);
    }
    if (columns.length == 1 && columns[0].equals("_corrupt_record")) {
      throw StrataException.data(
          "the input %s has no line that is a JSON object; give one object on each line, or set"
              + " --input-format",
          location);
    }
    return rows;
  }
}
