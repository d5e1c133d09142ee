package dev.strata.job.dataset;

import dev.strata.udfs.api.StrataException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;

/** A data set that more rows are appended to. */
record ExistingFiles(SparkSession session, DataFiles place) {

  static ExistingFiles of(SparkSession session, DataFiles place) {
    return new ExistingFiles(session, place);
  }

  /**
   * The format to append in: that of the files that are there.
   *
   * @param named the format that the user or the name asks for
   * @param otherwise the format if there are no files yet
   * @throws StrataException if the files are of another format or laid out by other columns
   */
  DataFormat requireSameForm(
      Optional<DataFormat> named, DataFormat otherwise, List<String> partitionBy)
      throws IOException {
    Path root = place.files().makeQualified(place.location());
    Optional<Path> first = place.firstFile(root);
    if (first.isEmpty()) {
      return otherwise;
    }
    DataFormat found = DataFormat.ofName(first.get().getName()).orElseThrow();
    if (named.isPresent() && named.get() != found) {
      throw StrataException.data(
          "the output %s has %s files; rows cannot be appended to it as %s",
          place.location(), found.word(), named.get().word());
    }
    List<String> partitions = partitions(first.get(), root);
    if (!partitions.equals(partitionBy)) {
      throw StrataException.data(
          "the output %s is laid out by %s, and --partition-by asks for %s; give the same to append"
              + " to it",
          place.location(), shown(partitions), shown(partitionBy));
    }
    return found;
  }

  /** The columns by whose values a file's directories are named. */
  static List<String> partitions(Path file, Path root) {
    List<String> columns = new ArrayList<>();
    for (Path p = file.getParent(); p != null && !p.equals(root); p = p.getParent()) {
      columns.add(0, p.getName().replaceFirst("=.*", ""));
    }
    return columns;
  }

  private static String shown(List<String> columns) {
    return columns.isEmpty() ? "no columns" : String.join(",", columns);
  }

  /**
   * Checks that the rows have the columns that are there: of the same types where files keep types,
   * in the same order where they go by order.
   *
   * @throws StrataException if they do not
   */
  void requireSameColumns(
      StructType rows, DataFormat format, List<String> partitionBy, Map<String, String> options) {
    List<String> there = columns(existing(format, options), format, partitionBy);
    List<String> come = columns(rows, format, partitionBy);
    if (!there.equals(come) && !there.isEmpty()) {
      throw StrataException.data(
          "the output %s has the columns %s, and the rows to append have %s; choose the same with"
              + " --columns, or name another output",
          place.location(), String.join(", ", there), String.join(", ", come));
    }
  }

  /** The rows that are there; empty where there are no files. */
  Optional<Dataset<Row>> rows(DataFormat format, Map<String, String> options) throws IOException {
    return place.firstFile(place.location()).isEmpty()
        ? Optional.empty()
        : Optional.of(
            session
                .read()
                .format(format.word())
                .options(format.readOptions())
                .options(options)
                .load(place.location().toString()));
  }

  private StructType existing(DataFormat format, Map<String, String> options) {
    try {
      return rows(format, options).map(Dataset::schema).orElseGet(StructType::new);
    } catch (IOException e) {
      throw DataErrors.output(place.location().toString(), e);
    }
  }

  /** Partition columns are in the directories' names, so they have neither order nor type. */
  private static List<String> columns(
      StructType schema, DataFormat format, List<String> partitionBy) {
    Stream<String> columns =
        Arrays.stream(schema.fields())
            .filter(field -> partitionBy.stream().noneMatch(field.name()::equalsIgnoreCase))
            .map(field -> described(field, format));
    return format == DataFormat.CSV ? columns.toList() : columns.sorted().toList();
  }

  private static String described(StructField field, DataFormat format) {
    String name = field.name().toLowerCase(Locale.ROOT);
    boolean keepsTypes = format == DataFormat.PARQUET || format == DataFormat.ORC;
    return keepsTypes ? name + " " + field.dataType().catalogString() : name;
  }
}
