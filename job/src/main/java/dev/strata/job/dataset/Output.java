package dev.strata.job.dataset;

import dev.strata.udfs.api.StrataConf;
import dev.strata.udfs.api.StrataException;
import dev.strata.udfs.api.StrataKeys;
import java.util.Optional;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.StructType;

/**
 * Where a run's rows go. The steps are: {@link #at}, {@link #accept}, {@link #write}, {@link
 * #commit}, and {@link #discard} if one of the last two fails. What was there before stays as it is
 * until the new rows are complete.
 */
public interface Output {

  /**
   * Finds the place that {@code spark.strata.output} and the keys beside it name.
   *
   * @throws StrataException if something is there and the mode does not allow for it, or if one
   *     cannot know
   */
  static Output at(SparkSession session, StrataConf conf) {
    Output output = open(session, conf);
    if (output.exists() && conf.get(StrataKeys.MODE).equals("error")) {
      throw existsAlready(output.toString());
    }
    return output;
  }

  /** What a run says that would not replace what is there. */
  static StrataException existsAlready(String output) {
    return StrataException.data(
        "the output %s exists already; remove it, name another, or set --mode to overwrite, append"
            + " or ignore",
        output);
  }

  private static Output open(SparkSession session, StrataConf conf) {
    String location = conf.require(StrataKeys.OUTPUT);
    try {
      return switch (format(conf)) {
        case Input.TABLE -> TableOutput.open(session, location, conf);
        case BatchInput.FORMAT -> BatchOutput.open(session, location, conf);
        default -> FileOutput.open(session, location, conf);
      };
    } catch (StrataException e) {
      throw e;
    } catch (Exception | LinkageError e) { // the latter of a catalog for another Spark
      throw DataErrors.output(location, e);
    }
  }

  /** A batch of OpenAI's is answered as one, whatever the output's name. */
  private static String format(StrataConf conf) {
    String input = conf.get(StrataKeys.INPUT_FORMAT);
    String output = conf.get(StrataKeys.OUTPUT_FORMAT);
    boolean batchIn = input.equals(BatchInput.FORMAT);
    boolean batchOut = output.equals(BatchInput.FORMAT);
    if (batchOut != batchIn && !(batchIn && output.equals("auto"))) {
      throw StrataException.usage(
          "--input-format is %s and --output-format %s; openai-batch answers openai-batch alone",
          input, output);
    }
    return batchIn ? BatchInput.FORMAT : output;
  }

  /** Whether something is there. */
  boolean exists();

  /**
   * Takes note of what is read and of what is to be written, before anything runs.
   *
   * @param rows the columns to write
   * @throws StrataException if the output would replace the input or grow into it, or has no place
   *     for the columns
   */
  void accept(Input input, StructType rows);

  /** The rows that are there and that others are added to; empty where none are added to any. */
  default Optional<Dataset<Row>> existingRows() {
    return Optional.empty();
  }

  /** Writes the rows. Where nothing is replaced, they are then in their place. */
  void write(Dataset<Row> rows);

  /** The directory that has all rows once they are written; empty for a table. */
  default Optional<Path> written() {
    return Optional.empty();
  }

  /** Puts what was written in the place of what was there. */
  default void commit() {}

  /** The directory that rows are being written to at the moment, if it is one. */
  default Optional<Path> writing() {
    return Optional.empty();
  }

  /** Removes what a failed write has left. To be called when no task is running. */
  void discard();
}
