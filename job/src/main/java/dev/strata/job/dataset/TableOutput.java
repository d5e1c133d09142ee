package dev.strata.job.dataset;

import dev.strata.udfs.api.StrataConf;
import dev.strata.udfs.api.StrataException;
import dev.strata.udfs.api.StrataKeys;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.CreateTableWriter;
import org.apache.spark.sql.DataFrameWriter;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SaveMode;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.functions;
import org.apache.spark.sql.types.StructType;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A table of one of the session's catalogs. */
final class TableOutput implements Output {

  private static final Logger LOG = LoggerFactory.getLogger(TableOutput.class);

  /** The output option that is not one of the table: what it is kept in. */
  private static final String USING = "using";

  private final SparkSession session;
  private final String name;
  private final CatalogTable table;
  private final String mode;
  private final Map<String, String> options;
  private final List<String> partitionBy;
  private final boolean exists;
  private final boolean isOfIncrementalRun;
  private String provider;
  private CatalogTable replacement;

  private TableOutput(
      SparkSession session,
      String name,
      CatalogTable table,
      StrataConf conf,
      boolean isOfIncrementalRun)
      throws Exception {
    this.isOfIncrementalRun = isOfIncrementalRun;
    this.session = session;
    this.name = name;
    this.table = table;
    this.mode = conf.get(StrataKeys.MODE);
    this.options = new LinkedHashMap<>(conf.get(StrataKeys.OUTPUT_OPTIONS));
    this.partitionBy = conf.get(StrataKeys.PARTITION_BY);
    this.exists = table.exists();
    this.provider = options.remove(USING);
    tellOfReplacements();
    if (exists && provider == null) {
      provider = table.provider();
    }
  }

  /**
   * Nobody knows of a table that somebody replaces it just now, so that none is dropped.
   *
   * @throws StrataException if a run was killed when the table's rows had no other place than the
   *     one they were put aside to
   */
  private void tellOfReplacements() {
    List<CatalogTable> left = table.replacements();
    left.stream()
        .filter(other -> !exists && other.isSetAside())
        .findFirst()
        .ifPresent(
            old -> {
              throw StrataException.data(
                  "the table %s is gone, and its rows are in %s: a run that replaced it was killed;"
                      + " rename that to %s, and drop what else is named %s_%s_...",
                  name, old.sqlName(), name, name, CatalogTable.NEW);
            });
    left.forEach(
        other ->
            LOG.warn(
                "{} is of a run that replaces {}; if none does, it was killed: drop that table",
                other.sqlName(),
                name));
  }

  static TableOutput open(SparkSession session, String name, StrataConf conf) throws Exception {
    return new TableOutput(session, name, CatalogTable.of(session, name), conf, false);
  }

  /** An output whose rows are replaced, and which else stays the table that it is. */
  static TableOutput ofIncrementalRun(
      SparkSession session, String name, CatalogTable table, StrataConf conf) throws Exception {
    return new TableOutput(session, name, table, conf, true);
  }

  /** What its rows are kept in; null for what the catalog takes. */
  String provider() {
    return provider;
  }

  @Override
  public boolean exists() {
    return exists;
  }

  @Override
  public void accept(Input input, StructType rows) {
    if (exists && input.table() != null && isThis(input.table())) {
      throw StrataException.data(
          "the output table %s is the input as well; name another output", name);
    }
    if (exists && isAppend()) {
      requireSameColumns(Arrays.asList(rows.fieldNames()));
    }
  }

  private boolean isAppend() {
    return mode.equals("append");
  }

  private void requireSameColumns(List<String> come) {
    List<String> there = columns();
    if (!lower(there).equals(lower(come))) {
      throw StrataException.data(
          "the table %s has the columns %s, and the rows to append have %s; choose the same with"
              + " --columns, or name another output",
          name, String.join(", ", there), String.join(", ", come));
    }
  }

  private List<String> columns() {
    return Arrays.asList(session.table(table.sqlName()).columns());
  }

  private boolean isThis(String other) {
    try {
      return CatalogTable.of(session, other).sqlName().equalsIgnoreCase(table.sqlName());
    } catch (Exception e) { // ParseException is checked in Scala only
      throw DataErrors.output(name, e);
    }
  }

  @Override
  public Optional<Dataset<Row>> existingRows() {
    return exists && isAppend() ? Optional.of(session.table(table.sqlName())) : Optional.empty();
  }

  @Override
  public void write(Dataset<Row> rows) {
    try {
      if (!exists) {
        create(rows, table);
      } else if (isAppend()) {
        append(rows);
      } else if (isOfIncrementalRun && hasColumns(rows)) {
        inOrderOfTable(rows)
            .writeTo(table.sqlName())
            .options(options)
            .overwrite(functions.lit(true));
      } else if (table.isReplacedAtOnce()) {
        writer(rows, table).createOrReplace();
      } else {
        replace(rows);
      }
    } catch (Exception e) { // AnalysisException is checked in Scala only
      throw Refused.byAnalysis(e, toString());
    }
  }

  private void create(Dataset<Row> rows, CatalogTable place) throws Exception {
    if (place.isOfSession()) {
      createInSession(rows, place);
    } else {
      writer(rows, place).create();
    }
  }

  private void createInSession(Dataset<Row> rows, CatalogTable place) {
    DataFrameWriter<Row> writer =
        rows.write()
            .mode(SaveMode.ErrorIfExists)
            .options(options)
            .partitionBy(partitionBy.toArray(String[]::new));
    if (provider != null) {
      writer.format(provider);
    }
    writer.saveAsTable(place.sqlName());
  }

  private CreateTableWriter<Row> writer(Dataset<Row> rows, CatalogTable place) {
    CreateTableWriter<Row> writer = rows.writeTo(place.sqlName()).options(options);
    if (provider != null) {
      writer = writer.using(provider);
    }
    if (!partitionBy.isEmpty()) {
      Column[] columns = partitionBy.stream().map(functions::col).toArray(Column[]::new);
      writer = writer.partitionedBy(columns[0], Arrays.copyOfRange(columns, 1, columns.length));
    }
    return writer;
  }

  /** With columns of its own a table is another. */
  private boolean hasColumns(Dataset<Row> rows) {
    return lower(columns()).equals(lower(Arrays.asList(rows.columns())));
  }

  private void append(Dataset<Row> rows) {
    inOrderOfTable(rows).write().options(options).insertInto(table.sqlName());
  }

  /** Spark inserts by place. */
  private Dataset<Row> inOrderOfTable(Dataset<Row> rows) {
    Column[] columns =
        columns().stream().map(column -> rows.col("`" + column + "`")).toArray(Column[]::new);
    return rows.select(columns);
  }

  private static List<String> lower(List<String> names) {
    return names.stream().map(column -> column.toLowerCase(Locale.ROOT)).sorted().toList();
  }

  /** The old table is there until the new one is complete, and has its name back on failure. */
  private void replace(Dataset<Row> rows) throws Exception {
    replacement = table.beside(CatalogTable.NEW);
    create(rows, replacement);
    CatalogTable old = table.beside(CatalogTable.OLD);
    table.renameTo(old);
    try {
      replacement.renameTo(table);
    } catch (Exception e) { // catalogs throw what they like
      old.renameTo(table);
      throw e;
    }
    old.drop();
  }

  @Override
  public void discard() {
    CatalogTable unfinished = replacement != null ? replacement : exists ? null : table;
    try {
      if (unfinished != null && unfinished.exists()) {
        unfinished.drop();
      }
    } catch (Exception e) { // AnalysisException is checked in Scala only
      LOG.warn("the table {} cannot be removed: {}", unfinished.sqlName(), e.getMessage(), e);
    }
  }

  @Override
  public String toString() {
    return "table " + name;
  }
}
