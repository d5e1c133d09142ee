package dev.strata.job.dataset;

import dev.strata.udfs.api.StrataException;
import java.io.IOException;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SaveMode;
import org.apache.spark.sql.SparkSession;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Where a run's rows go: a directory that is not there yet. */
public final class Output {

  private static final Logger LOG = LoggerFactory.getLogger(Output.class);

  private final Path location;
  private final FileSystem files;

  private Output(Path location, FileSystem files) {
    this.location = location;
    this.files = files;
  }

  /**
   * Checks that there is nothing at the location.
   *
   * @throws StrataException if there is, or if one cannot know
   */
  public static Output at(SparkSession session, String location) {
    Path path = new Path(location);
    try {
      FileSystem files = path.getFileSystem(session.sparkContext().hadoopConfiguration());
      if (files.exists(path)) {
        throw StrataException.data(
            "the output %s exists already; remove it or name another", location);
      }
      return new Output(path, files);
    } catch (IOException e) {
      throw new StrataException(
          StrataException.Fault.DATA,
          "the output %s cannot be written: %s".formatted(location, Messages.firstLine(e)),
          e);
    }
  }

  /**
   * Writes the rows.
   *
   * @param format the format's name, or {@code auto} to go by the location's name, or else by the
   *     input's format
   */
  public void write(Dataset<Row> rows, String format, DataFormat inputFormat) {
    rows.write()
        .mode(SaveMode.ErrorIfExists)
        .format(format(location.getName(), format, inputFormat).word())
        .option("ignoreNullFields", false) // JSON rows keep all columns, as those of parquet do
        .save(location.toString());
  }

  /** The form of an output of that name. */
  public static DataFormat format(String name, String format, DataFormat inputFormat) {
    return DataFormat.named(format).or(() -> DataFormat.ofName(name)).orElse(inputFormat);
  }

  /**
   * Removes the empty directory that a failed write leaves, which would be in the way of the next
   * run. One that holds anything is somebody else's. To be called when no task is running.
   */
  public void removeIfEmpty() {
    try {
      if (files.exists(location) && files.listStatus(location).length == 0) {
        files.delete(location, false);
      }
    } catch (IOException e) {
      LOG.warn("the empty directory {} cannot be removed: {}", location, e.getMessage());
    }
  }

  @Override
  public String toString() {
    return location.toString();
  }
}
