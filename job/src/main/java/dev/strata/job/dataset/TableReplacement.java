package dev.strata.job.dataset;

import dev.strata.udfs.api.StrataConf;
import dev.strata.udfs.api.StrataException;
import dev.strata.udfs.api.StrataKeys;
import java.util.Optional;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.connector.catalog.TableChange;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A table whose rows are replaced as a whole by one commit of its own, while they are read: such as
 * Delta's and Iceberg's are. Readers see the old rows until then, and the same is left of a run
 * that is killed.
 */
public final class TableReplacement {

  private static final Logger LOG = LoggerFactory.getLogger(TableReplacement.class);

  private static final String OPTIONS = "strata.options";

  private final SparkSession session;
  private final CatalogTable table;
  private final TableOutput output;

  private TableReplacement(SparkSession session, CatalogTable table, TableOutput output) {
    this.session = session;
    this.table = table;
    this.output = output;
  }

  /**
   * The table that the output's key names.
   *
   * @throws StrataException if it could not be replaced at once
   */
  public static TableReplacement of(SparkSession session, StrataConf conf) {
    String name = conf.require(StrataKeys.OUTPUT);
    try {
      CatalogTable table = CatalogTable.of(session, name);
      TableOutput output = TableOutput.ofIncrementalRun(session, name, table, conf);
      requireReplaceable(table, output);
      return new TableReplacement(session, table, output);
    } catch (StrataException e) {
      throw e;
    } catch (Exception | LinkageError e) { // the latter of a catalog for another Spark
      throw DataErrors.output(name, e);
    }
  }

  private static void requireReplaceable(CatalogTable table, TableOutput output) {
    if (!table.isReplacedWhileRead(output.provider())) {
      throw StrataException.usage(
          "--incremental cannot take over the %s: %s cannot be replaced while they are read, as"
              + " Delta's and Iceberg's can; use one of these (for a new table of Delta's,"
              + " --output-options using=delta), or an output of files",
          output,
          output.provider() == null
              ? "tables of the catalog " + table.catalog().name()
              : "tables kept in " + output.provider());
    }
  }

  public boolean exists() {
    return output.exists();
  }

  /** The rows that are there. */
  public Dataset<Row> rows() {
    return session.table(table.sqlName());
  }

  /** Where new rows take the place of those. */
  public Output output() {
    return output;
  }

  /** The options that the rows were made with, as {@link #setOptions} was given them. */
  public Optional<String> options() {
    try {
      String options = table.catalog().loadTable(table.identifier()).properties().get(OPTIONS);
      return Optional.ofNullable(options);
    } catch (Exception e) { // NoSuchTableException is checked in Scala only
      throw DataErrors.output(output.toString(), e);
    }
  }

  /** Keeps the options among the table's properties, for the messages of later runs. */
  public void setOptions(String options) {
    try {
      table.catalog().alterTable(table.identifier(), TableChange.setProperty(OPTIONS, options));
    } catch (Exception e) { // NoSuchTableException, and whatever catalogs throw
      LOG.warn("{} keeps no options: {}", output, Messages.firstLine(e), e);
    }
  }

  @Override
  public String toString() {
    return output.toString();
  }
}
