package dev.strata.job.dataset;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.strata.job.TestSession;
import dev.strata.udfs.api.StrataException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.functions;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Rows of an output that are read and written again are what they were. */
class WrittenRowsTest {

  /** What forms of files are apt to change. */
  private static final String ROWS =
      """
      SELECT *, CAST(NULL AS STRING) AS error FROM VALUES
      ('a', '', 1, 1.10BD, TIMESTAMP '2026-11-27 22:10:05.120', 1.0D, true, '007'),
      ('b', NULL, NULL, NULL, NULL, NULL, NULL, '1e3'),
      ('c', ' "two"\\r\\nlines, \\\\ and more ', -1, 0.00BD, TIMESTAMP '1969-12-31 00:00:00', 1e-300D, false,
       'x=y/z'),
      ('00', 'null', 7, 12345678.90BD, TIMESTAMP '2026-01-01 00:00:00', double('NaN'), true, '007')
      AS rows(id, text, n, amount, at, x, b, part)
      """;

  private static SparkSession spark;

  @TempDir Path directory;

  @BeforeAll
  static void start() {
    spark = TestSession.local(1).config("spark.sql.shuffle.partitions", 1).getOrCreate();
  }

  @AfterAll
  static void stop() {
    spark.stop();
  }

  @ParameterizedTest
  @ValueSource(strings = {"csv", "json", "parquet", "orc"})
  void theyAreWhatTheyWere(String format) throws Exception {
    Dataset<Row> rows = spark.sql(ROWS);
    if (!format.equals("csv")) {
      rows = rows.selectExpr("struct(n AS z, id AS a) AS nested", "array(text, id) AS texts", "*");
    }
    Path out = directory.resolve("out");
    write(rows, out, format);
    WrittenRows written =
        WrittenRows.open(spark, out.toString(), Map.of(), Optional.of(rows.schema().json()));
    assertThat(written.partitionBy()).containsExactly("part");
    Dataset<Row> again = written.rows().select(columns(rows));
    assertThat(texts(again)).isEqualTo(texts(rows));
    assertThat(again.schema().catalogString()).isEqualTo(rows.schema().catalogString());

    Path copy = directory.resolve("copy");
    write(written.rows(), copy, format);
    if (!format.equals("parquet") && !format.equals("orc")) {
      assertThat(files(copy)).isEqualTo(files(out));
    }
  }

  /** As of an output that has no record: texts stay what they are, and directories' names too. */
  @Test
  void withoutTypesTextsStayWhatTheyAre() throws Exception {
    Path out = directory.resolve("out");
    write(spark.sql(ROWS), out, "csv");
    WrittenRows written = WrittenRows.open(spark, out.toString(), Map.of(), Optional.empty());
    Path copy = directory.resolve("copy");
    write(written.rows(), copy, "csv");
    assertThat(files(copy)).isEqualTo(files(out));
  }

  @Test
  void aSchemaOfOtherColumnsIsNotBelieved() throws Exception {
    Path out = directory.resolve("out");
    write(spark.sql("SELECT 1 AS n, 'x' AS part, 'no' AS error"), out, "parquet");
    String other = spark.sql("SELECT 1 AS m, 'x' AS part, 'no' AS error").schema().json();
    WrittenRows written = WrittenRows.open(spark, out.toString(), Map.of(), Optional.of(other));
    assertThat(written.rows().columns()).containsExactlyInAnyOrder("n", "part", "error");
  }

  @Test
  void whatDoesNotFitItsTypeIsNotLost() throws Exception {
    Path out = directory.resolve("out");
    write(spark.sql("SELECT 'one' AS n, 'x' AS part, 'no' AS error"), out, "json");
    String other = spark.sql("SELECT 1 AS n, 'x' AS part, 'no' AS error").schema().json();
    WrittenRows written = WrittenRows.open(spark, out.toString(), Map.of(), Optional.of(other));
    assertThatThrownBy(() -> texts(written.rows())).hasStackTraceContaining("MALFORMED_RECORD");
  }

  @Test
  void rowsOfNoRun() throws Exception {
    Path out = directory.resolve("out");
    write(spark.sql("SELECT 1 AS n, 'x' AS part"), out, "json");
    assertThatThrownBy(() -> WrittenRows.open(spark, out.toString(), Map.of(), Optional.empty()))
        .isInstanceOf(StrataException.class)
        .hasMessage(
            "%s is not the output of a run, since its rows have no column 'error'; they have n,"
                + " part",
            out);
  }

  private static void write(Dataset<Row> rows, Path out, String format) {
    Output output =
        Output.at(spark, Confs.of("output", out, "output.format", format, "partitionBy", "part"));
    output.accept(new Input(rows, DataFormat.JSON, List.of(), null), rows.schema());
    output.write(rows.coalesce(1));
    output.commit();
  }

  private static Column[] columns(Dataset<Row> rows) {
    return Stream.of(rows.columns()).map(functions::col).toArray(Column[]::new);
  }

  private static List<String> texts(Dataset<Row> rows) {
    return rows.collectAsList().stream().map(Row::toString).sorted().toList();
  }

  /** What is in the files of each directory. */
  private static List<String> files(Path out) throws Exception {
    try (Stream<Path> files = Files.walk(out)) {
      return files
          .filter(file -> file.getFileName().toString().startsWith("part-"))
          .map(file -> out.relativize(file.getParent()) + ": " + read(file))
          .sorted()
          .toList();
    }
  }

  private static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
