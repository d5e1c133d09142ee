package dev.strata.job.dataset;

import dev.strata.udfs.api.StrataConf;
import dev.strata.udfs.api.StrataException;
import dev.strata.udfs.api.StrataKeys;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/**
 * The rows of a run.
 *
 * @param format the form of an output that says none of its own
 * @param paths the files and directories that are read, none for a table
 * @param table the table that is read, null for files
 * @param errorColumn the column that says why a row could not be read, null for none; it does not
 *     come out
 */
public record Input(
    Dataset<Row> rows, DataFormat format, List<Path> paths, String table, String errorColumn) {

  /** The word of configurations for a table of a catalog. */
  static final String TABLE = "table";

  Input(Dataset<Row> rows, DataFormat format, List<Path> paths, String table) {
    this(rows, format, paths, table, null);
  }

  /**
   * Opens what {@code spark.strata.input} and the keys beside it name; nothing is read but what a
   * schema needs. The format {@code auto} goes by the name of the location or else of the first
   * file in it.
   *
   * @throws StrataException if there is nothing, it cannot be read, or the condition makes no sense
   */
  public static Input open(SparkSession session, StrataConf conf) {
    String location = conf.require(StrataKeys.INPUT);
    Input input = open(session, location, conf);
    return conf.find(StrataKeys.WHERE).map(input::where).orElse(input);
  }

  private static Input open(SparkSession session, String location, StrataConf conf) {
    String format = conf.get(StrataKeys.INPUT_FORMAT);
    Map<String, String> options = conf.get(StrataKeys.INPUT_OPTIONS);
    try {
      return switch (format) {
        case TABLE -> table(session, location, options);
        case BatchInput.FORMAT -> BatchInput.open(session, location);
        default -> files(session, location, format, options);
      };
    } catch (StrataException e) {
      throw e;
    } catch (Exception | LinkageError e) { // the latter of a catalog for another Spark
      throw DataErrors.input(location, e);
    }
  }

  private static Input table(SparkSession session, String name, Map<String, String> options) {
    return new Input(
        session.read().options(options).table(name), DataFormat.PARQUET, List.of(), name);
  }

  private static Input files(
      SparkSession session, String location, String word, Map<String, String> options)
      throws IOException {
    InputFiles files = InputFiles.list(DataFiles.at(session, location), options);
    DataFormat format = files.format(word);
    Map<String, String> all = format.readOptions(options);
    Dataset<Row> rows =
        format == DataFormat.CSV && !files.files().isEmpty()
            ? new CsvFiles(session, files, all).rows()
            : session
                .read()
                .format(format.word())
                .options(all)
                .load(files.roots().stream().map(DataFiles::literal).toArray(String[]::new));
    requireColumns(rows, location);
    if (word.equals("auto")) {
      requireNoRequests(rows, location);
    }
    return switch (format) {
      case TEXT ->
          new Input(rows.withColumnRenamed("value", "text"), DataFormat.JSON, files.roots(), null);
      case JSON -> BrokenLines.marked(new Input(rows, format, files.roots(), null), options);
      default -> new Input(rows, format, files.roots(), null);
    };
  }

  private static void requireColumns(Dataset<Row> rows, String location) {
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
  }

  /** Lines for OpenAI's batch API are JSON as well, and hardly meant to be rows. */
  private static void requireNoRequests(Dataset<Row> rows, String location) {
    if (Arrays.asList(rows.columns()).containsAll(List.of("custom_id", "url", "body"))) {
      throw StrataException.data(
          "the input %s has requests as OpenAI's batch API takes them; set --input-format"
              + " openai-batch to answer them, or --input-format json to read them as rows",
          location);
    }
  }

  /** Checks that the output is not where the input is, nor one of them within the other. */
  void requireApart(DataFiles output) {
    Path place = output.files().makeQualified(output.location());
    for (Path path : paths) {
      if (isWithin(path, place) || isWithin(place, path)) {
        throw StrataException.data(
            "the output %s is where the input %s is; name another output", output.location(), path);
      }
    }
  }

  private static boolean isWithin(Path path, Path directory) {
    for (Path p = path; p != null; p = p.getParent()) {
      if (p.equals(directory)) {
        return true;
      }
    }
    return false;
  }

  private Input where(String condition) {
    try {
      return new Input(rows.where(condition), format, paths, table, errorColumn);
    } catch (Exception e) { // ParseException and AnalysisException are checked in Scala only
      throw new StrataException(
          StrataException.Fault.USAGE,
          "--where '%s' is no condition on the input: %s; its columns are %s"
              .formatted(condition, Messages.firstLine(e), String.join(", ", rows.columns())),
          e);
    }
  }
}
