package dev.strata.job.dataset;

import dev.strata.job.dataset.CsvShape.LineEnd;
import dev.strata.udfs.api.StrataException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import org.apache.hadoop.fs.Path;
import org.apache.spark.api.java.function.MapFunction;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.DataFrameReader;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.util.SerializableConfiguration;

/**
 * CSV files that are read together: columns by their names, whatever their order in each file, and
 * line breaks within quotes as they are.
 */
final class CsvFiles {

  private static final String LINE_END = "lineSep";
  private static final String BASE = "basePath";
  private static final List<String> SEPARATORS = List.of("delimiter", "sep");
  private static final List<String> LIKELY_SEPARATORS = List.of(";", "\t", "|");

  private final SparkSession session;
  private final InputFiles files;
  private final Map<String, String> options;

  /**
   * @param options the reader's, all of them, by names in any case
   */
  CsvFiles(SparkSession session, InputFiles files, Map<String, String> options) {
    this.session = session;
    this.files = files;
    this.options = options;
  }

  /**
   * Their rows.
   *
   * @throws StrataException if they have different columns, or a separator that was not said
   */
  Dataset<Row> rows() {
    Map<CsvShape, List<Path>> shapes = shapes();
    requireSameColumns(shapes);
    Dataset<Row> all = null;
    for (Map.Entry<CsvShape, List<Path>> shape : shapes.entrySet()) {
      Dataset<Row> rows = read(shape.getKey(), shape.getValue());
      all = all == null ? rows : union(all, rows);
    }
    requireSeparator(all);
    return all;
  }

  /** Files without a header, which are empty, go with the others. */
  private Map<CsvShape, List<Path>> shapes() {
    List<CsvShape> all = shapesOfFiles();
    requireOneLineEnd(all);
    if (!hasHeader()) {
      boolean isCrLf = all.stream().allMatch(shape -> shape.lineEnd() == LineEnd.CR_LF);
      LineEnd lineEnd = isCrLf ? LineEnd.CR_LF : LineEnd.LF;
      return Map.of(CsvShape.withoutHeader(lineEnd), files.files());
    }
    Map<CsvShape, List<Path>> shapes = new LinkedHashMap<>();
    for (int i = 0; i < all.size(); i++) {
      shapes.computeIfAbsent(all.get(i), shape -> new ArrayList<>()).add(files.files().get(i));
    }
    if (shapes.keySet().stream().anyMatch(shape -> !shape.header().isEmpty())) {
      shapes.keySet().removeIf(shape -> shape.header().isEmpty());
    }
    return shapes;
  }

  private void requireOneLineEnd(List<CsvShape> all) {
    for (int i = 0; i < all.size() && !options.containsKey(LINE_END) && isMultiLine(); i++) {
      if (all.get(i).lineEnd() == LineEnd.MIXED) {
        throw StrataException.data(
            "the first rows of %s end with CR LF and later ones with LF alone, which would be taken"
                + " for part of a value; make them alike, such as by dos2unix",
            files.files().get(i).getName());
      }
    }
  }

  private List<CsvShape> shapesOfFiles() {
    SerializableConfiguration hadoop =
        new SerializableConfiguration(session.sparkContext().hadoopConfiguration());
    Map<String, String> sent = Map.copyOf(options);
    MapFunction<String, CsvShape> look = file -> CsvShape.of(new Path(file), sent, hadoop.value());
    List<String> names = files.files().stream().map(Path::toString).toList();
    int tasks =
        Math.max(1, Math.min(names.size(), 4 * session.sparkContext().defaultParallelism()));
    return session
        .createDataset(names, Encoders.STRING())
        .coalesce(tasks)
        .map(look, Encoders.javaSerialization(CsvShape.class))
        .collectAsList();
  }

  private void requireSameColumns(Map<CsvShape, List<Path>> shapes) {
    CsvShape first = shapes.keySet().iterator().next();
    for (Map.Entry<CsvShape, List<Path>> shape : shapes.entrySet()) {
      List<String> header = shape.getKey().header();
      if (!header.equals(first.header())
          && !(new TreeSet<>(header).equals(new TreeSet<>(first.header()))
              && header.size() == new TreeSet<>(header).size())) {
        throw StrataException.data(
            "%s has the columns %s, and %s has %s; run files of other columns apart, or give them"
                + " the same header",
            shapes.get(first).get(0).getName(),
            String.join(", ", first.header()),
            shape.getValue().get(0).getName(),
            String.join(", ", header));
      }
    }
  }

  private Dataset<Row> read(CsvShape shape, List<Path> paths) {
    DataFrameReader reader = session.read().format(DataFormat.CSV.word()).options(options);
    if (shape.lineEnd() == LineEnd.CR_LF && isMultiLine() && !options.containsKey(LINE_END)) {
      reader.option(LINE_END, "\r\n"); // else Spark makes line feeds of those in quotes
    }
    if (!options.containsKey(BASE)) {
      files.base().ifPresent(base -> reader.option(BASE, base.toString()));
    }
    return reader.load(paths.stream().map(DataFiles::literal).toArray(String[]::new));
  }

  private boolean isMultiLine() {
    return "true".equalsIgnoreCase(options.get("multiLine"));
  }

  private boolean hasHeader() {
    return "true".equalsIgnoreCase(options.get("header"));
  }

  /** Types that were inferred may differ from file to file; texts they are all. */
  private static Dataset<Row> union(Dataset<Row> a, Dataset<Row> b) {
    List<Column> ofA = new ArrayList<>();
    List<Column> ofB = new ArrayList<>();
    for (String name : a.columns()) {
      Column column = SchemaColumns.named(name);
      boolean isSame = a.schema().apply(name).dataType().equals(b.schema().apply(name).dataType());
      ofA.add(isSame ? column : column.cast(DataTypes.StringType).as(name));
      ofB.add(isSame ? column : column.cast(DataTypes.StringType).as(name));
    }
    return a.select(ofA.toArray(Column[]::new)).union(b.select(ofB.toArray(Column[]::new)));
  }

  private void requireSeparator(Dataset<Row> rows) {
    String[] columns = rows.columns();
    if (columns.length != 1 || SEPARATORS.stream().anyMatch(options::containsKey)) {
      return;
    }
    for (String separator : LIKELY_SEPARATORS) {
      if (columns[0].contains(separator)) {
        throw StrataException.data(
            "the only column of the input is named '%s', as if '%s' were between columns; set"
                + " --input-options delimiter=%s, or delimiter=, if that is its name",
            columns[0], shown(separator), shown(separator));
      }
    }
  }

  private static String shown(String separator) {
    return separator.equals("\t") ? "\\t" : separator;
  }
}
