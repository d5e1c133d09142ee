package dev.strata.job.dataset;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.strata.job.TestSession;
import dev.strata.udfs.api.StrataException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Tables of Spark's own catalog, and of a database by JDBC. */
class TablesTest {

  private static final String SESSION = "notes.";
  private static final String DATABASE = "h2.PUBLIC.";

  private static SparkSession spark;

  @TempDir static Path directory;

  @BeforeAll
  static void start() {
    spark =
        TestSession.local(1)
            .config("spark.sql.warehouse.dir", directory.resolve("warehouse").toString())
            .config(
                "spark.sql.catalog.h2",
                "org.apache.spark.sql.execution.datasources.v2.jdbc.JDBCTableCatalog")
            .config("spark.sql.catalog.h2.url", "jdbc:h2:mem:tables;DB_CLOSE_DELAY=-1")
            .config("spark.sql.catalog.h2.driver", "org.h2.Driver")
            .getOrCreate();
    spark.sql("CREATE DATABASE notes");
  }

  @AfterAll
  static void stop() {
    spark.stop();
  }

  @ParameterizedTest
  @ValueSource(strings = {SESSION, DATABASE})
  void everyMode(String catalog) {
    String table = catalog + "modes";
    write(table, "error", "1 AS id", "'one' AS text");
    assertThat(rows(table)).containsExactly("[1,one]");

    assertThatThrownBy(() -> output(table, "error"))
        .isInstanceOf(StrataException.class)
        .hasMessageStartingWith("the output table " + table + " exists already; ");
    assertThat(output(table, "ignore").exists()).isTrue();

    write(table, "append", "'two' AS text", "2 AS id");
    assertThat(rows(table)).containsExactlyInAnyOrder("[1,one]", "[2,two]");
    assertThatThrownBy(() -> write(table, "append", "3 AS id"))
        .isInstanceOf(StrataException.class)
        .hasMessageContaining("has the columns id, text, and the rows to append have id");

    write(table, "overwrite", "'three' AS text");
    assertThat(rows(table)).containsExactly("[three]");
    assertThat(tables(catalog)).filteredOn(name -> name.startsWith("modes")).hasSize(1);
  }

  @ParameterizedTest
  @ValueSource(strings = {SESSION, DATABASE})
  void failedOverwriteLeavesTheOldTable(String catalog) {
    String table = catalog + "failing";
    write(table, "error", "'old' AS text");
    Output output = output(table, "overwrite");
    assertThatThrownBy(
        () -> output.write(spark.range(3).selectExpr("raise_error('no') || 'x' AS text")));
    output.discard();
    assertThat(rows(table)).containsExactly("[old]");
    assertThat(tables(catalog)).filteredOn(name -> name.startsWith("failing")).hasSize(1);
  }

  @ParameterizedTest
  @ValueSource(strings = {SESSION, DATABASE})
  void failedCreationLeavesNoTable(String catalog) {
    Output output = output(catalog + "unborn", "error");
    assertThatThrownBy(
        () -> output.write(spark.range(3).selectExpr("raise_error('no') || 'x' AS text")));
    output.discard();
    assertThat(tables(catalog)).noneMatch(name -> name.startsWith("unborn"));
    write(catalog + "unborn", "error", "1 AS id");
  }

  /** As a run leaves them that is killed between the two renames. */
  @ParameterizedTest
  @ValueSource(strings = {SESSION, DATABASE})
  void aTableThatWasPutAsideIsNotForgotten(String catalog) {
    String table = catalog + "lost";
    write(table + "_old_ra1b2c3d", "error", "'old' AS text");
    write(table + "_new_ra1b2c3d", "error", "'new' AS text");
    write(table + "_old_20240101", "error", "'another' AS text");
    assertThatThrownBy(() -> output(table, "overwrite"))
        .isInstanceOf(StrataException.class)
        .hasMessageMatching(
            "the table %s is gone, and its rows are in `.*lost_old_ra1b2c3d`: a run that replaced it was killed; rename that to %s, and drop what else is named %s_new_\\.\\.\\."
                .formatted(table, table, table));
    TableState lost = TableState.of(spark, table);
    assertThat(lost.rows()).isEmpty();
    assertThat(lost.remains())
        .hasSize(2)
        .containsValue(
            "its rows, which a run that was killed had put aside; rename it to " + table);
    write(catalog + "los", "error", "'other' AS text");
    String back = catalog.equals(SESSION) ? table : "PUBLIC.lost";
    spark.sql("ALTER TABLE " + table + "_old_ra1b2c3d RENAME TO " + back);
    assertThat(output(table, "ignore").exists()).isTrue();
    TableState found = TableState.of(spark, table);
    assertThat(found.rows().orElseThrow().collectAsList()).hasToString("[[old]]");
    assertThat(found.remains().values())
        .containsExactly("of a run that replaces it; if none does, it was killed: drop that table");
    write(table, "overwrite", "'newer' AS text");
    assertThat(rows(table)).containsExactly("[newer]");
  }

  @ParameterizedTest
  @ValueSource(strings = {SESSION, DATABASE})
  void theInputIsNoOutput(String catalog) {
    String table = catalog + "same";
    write(table, "error", "'x' AS text");
    Input input = Input.open(spark, Confs.of("input", table, "input.format", "table"));
    assertThatThrownBy(() -> output(table, "overwrite").accept(input, input.rows().schema()))
        .isInstanceOf(StrataException.class)
        .hasMessage("the output table %s is the input as well; name another output", table);
  }

  @ParameterizedTest
  @ValueSource(strings = {"notes.absent", "h2.PUBLIC.absent", "nowhere.db.t", "a b"})
  void absentTable(String table) {
    assertThatThrownBy(() -> Input.open(spark, Confs.of("input", table, "input.format", "table")))
        .isInstanceOf(StrataException.class)
        .hasMessageStartingWith("the input " + table + " cannot be read: ");
  }

  @org.junit.jupiter.api.Test
  void providerAndPartitions() {
    Output output =
        Output.at(
            spark,
            Confs.of(
                "output", "notes.laid",
                "output.format", "table",
                "output.options", "using=orc,compression=zlib",
                "partitionBy", "lang"));
    output.write(spark.range(2).selectExpr("id", "'fr' AS lang"));
    List<String> description =
        spark
            .sql("SHOW CREATE TABLE notes.laid")
            .collectAsList()
            .get(0)
            .getString(0)
            .lines()
            .toList();
    assertThat(description)
        .anyMatch(line -> line.contains("USING orc"))
        .anyMatch(line -> line.contains("PARTITIONED BY (lang)"));
    write("notes.laid", "append", "'de' AS lang", "7L AS id");
    assertThat(rows("notes.laid")).contains("[7,de]");
  }

  /** Spark overwrites no files that it reads, and a database's rows are replaced task by task. */
  @ParameterizedTest
  @CsvSource({
    "notes.plain, tables kept in parquet",
    "h2.PUBLIC.plain, tables of the catalog h2",
    "notes.unmade, tables of the catalog spark_catalog",
    "h2.PUBLIC.unmade, tables of the catalog h2",
  })
  void whatCannotBeReplacedWhileItIsRead(String table, String what) {
    if (table.endsWith("plain")) {
      write(table, "error", "1 AS id");
    }
    assertThatThrownBy(
            () -> TableReplacement.of(spark, Confs.of("output", table, "output.format", "table")))
        .isInstanceOf(StrataException.class)
        .hasMessage(
            ("--incremental cannot take over the table %s: %s cannot be replaced while they are"
                    + " read, as Delta's and Iceberg's can; use one of these (for a new table of"
                    + " Delta's, --output-options using=delta), or an output of files")
                .formatted(table, what));
  }

  private static Output output(String table, String mode) {
    return Output.at(spark, Confs.of("output", table, "output.format", "table", "mode", mode));
  }

  private static void write(String table, String mode, String... columns) {
    Output output = output(table, mode);
    Dataset<Row> rows = spark.range(1).selectExpr(columns);
    output.accept(new Input(rows, DataFormat.PARQUET, List.of(), null), rows.schema());
    output.write(rows);
  }

  private static List<String> rows(String table) {
    Input input = Input.open(spark, Confs.of("input", table, "input.format", "table"));
    return input.rows().collectAsList().stream().map(Row::toString).toList();
  }

  private static List<String> tables(String catalog) {
    String namespace = catalog.substring(0, catalog.length() - 1);
    Row[] tables = (Row[]) spark.sql("SHOW TABLES IN " + namespace).collect();
    return Arrays.stream(tables).map(row -> row.<String>getAs("tableName")).toList();
  }
}
