package dev.strata.job.dataset;

import static org.apache.spark.sql.functions.col;

import dev.strata.udfs.api.StrataException;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.DataFrameReader;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.StructType;

/**
 * The rows of an output of files, which are read to be written again.
 *
 * @param format their form
 * @param partitionBy the columns by whose values they are laid out
 */
public record WrittenRows(Dataset<Row> rows, DataFormat format, List<String> partitionBy) {

  private static final String ERROR = "error";

  private static final String NULL_VALUE = "nullValue";

  /** A text that no file has. */
  private static final String NOWHERE = "\u0000strata\u0000";

  /** Else a directory's name of digits would be a number, and written again as one. */
  private static final String TYPES_OF_DIRECTORIES =
      "spark.sql.sources.partitionColumnTypeInference.enabled";

  /**
   * Opens an output.
   *
   * @param options the writer's, which say how to read as well
   * @param schema the columns as they were written; where it is not known, or the files have
   *     others, it is what a reader makes of them
   * @throws StrataException if it cannot be read, or is not the output of a run
   */
  public static WrittenRows open(
      SparkSession session, String location, Map<String, String> options, Optional<String> schema) {
    try {
      DataFiles place = DataFiles.at(session, location);
      Path root = place.files().makeQualified(place.location());
      Path first =
          place
              .firstFile(root)
              .orElseThrow(() -> StrataException.data("the output %s has no files", location));
      DataFormat format = DataFormat.ofName(first.getName()).orElseThrow();
      String before = session.conf().get(TYPES_OF_DIRECTORIES);
      session.conf().set(TYPES_OF_DIRECTORIES, "false");
      DataFrameReader reader =
          session.read().format(format.word()).options(asWritten(format, options));
      Dataset<Row> rows = typed(reader, DataFiles.literal(root), options, schema);
      session.conf().set(TYPES_OF_DIRECTORIES, before); // an input is read as it was
      requireErrors(rows, location);
      return new WrittenRows(rows, format, ExistingFiles.partitions(first, root));
    } catch (IOException e) {
      throw DataErrors.status(location, e);
    }
  }

  /** An empty text, which has quotes, is not to become a null, as it does in an input. */
  private static Map<String, String> asWritten(DataFormat format, Map<String, String> options) {
    Map<String, String> all = format.readOptions(options);
    if (format == DataFormat.CSV) {
      all.putIfAbsent(NULL_VALUE, NOWHERE);
    }
    return all;
  }

  /** With types, what does not fit them must not become null, and be written so. */
  private static Dataset<Row> typed(
      DataFrameReader reader,
      String location,
      Map<String, String> options,
      Optional<String> schema) {
    if (schema.isEmpty()) {
      return reader.load(location);
    }
    StructType written = (StructType) DataType.fromJson(schema.get());
    boolean isNamed = !"false".equalsIgnoreCase(options.get("header"));
    if (isNamed && !names(reader.load(location).schema()).equals(names(written))) {
      return reader.load(location);
    }
    return reader.option("mode", "FAILFAST").schema(written).load(location);
  }

  private static TreeSet<String> names(StructType schema) {
    return new TreeSet<>(Arrays.asList(schema.fieldNames()));
  }

  private static void requireErrors(Dataset<Row> rows, String location) {
    if (!Arrays.asList(rows.columns()).contains(ERROR)) {
      throw StrataException.data(
          "%s is not the output of a run, since its rows have no column '%s'; they have %s",
          location, ERROR, String.join(", ", rows.columns()));
    }
  }

  /** Why a row failed; null where it did not. */
  public Column error() {
    return col(ERROR);
  }

  /** Whether a row that failed was no row of the input, so that nothing can be asked of it. */
  public Column isRefused() {
    return BrokenLines.isReason(error());
  }
}
