package dev.strata.job.sql;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.strata.job.TestSession;
import dev.strata.udfs.api.StrataException;
import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.StringReader;
import java.nio.charset.StandardCharsets;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Statements on a real session, and what is printed of them. */
class SqlRunTest {

  private static SparkSession spark;

  private final ByteArrayOutputStream printed = new ByteArrayOutputStream();
  private final SqlRun run = new SqlRun(spark, () -> {}, stream(printed));

  @BeforeAll
  static void start() {
    spark = TestSession.local(1).getOrCreate();
  }

  @AfterAll
  static void stop() {
    spark.stop();
  }

  private static PrintStream stream(ByteArrayOutputStream bytes) {
    return new PrintStream(bytes, true, StandardCharsets.UTF_8);
  }

  private static String text(ByteArrayOutputStream bytes) {
    return bytes.toString(StandardCharsets.UTF_8);
  }

  @Test
  void rowsAreValuesBetweenTabs() {
    run.run("SELECT 1, 'é', NULL, array(1, NULL), true; SELECT id FROM range(2) ORDER BY id");
    assertThat(text(printed)).isEqualTo("1\té\tNULL\t[1,null]\ttrue\n0\n1\n");
  }

  @Test
  void statementsSeeWhatEarlierOnesMade() {
    run.run("CREATE TEMPORARY VIEW seen AS SELECT 7 AS x; SELECT x FROM seen; DROP VIEW seen");
    assertThat(text(printed)).isEqualTo("7\n");
  }

  @Test
  void theFirstThatFailsEndsTheRun() {
    assertThatThrownBy(() -> run.run("SELECT 1; SELECT nothing_there; SELECT 2"))
        .isInstanceOf(StrataException.class)
        .hasMessageContaining("nothing_there");
    assertThatThrownBy(() -> run.run("SELEKT 1"))
        .isInstanceOf(StrataException.class)
        .hasMessageContaining("SELEKT");
    assertThat(text(printed)).isEqualTo("1\n");
  }

  /** With a value that is there, and no stack trace, though a task found it. */
  @Test
  void rowsThatAStatementCannotBear() {
    assertThatThrownBy(() -> run.run("SELECT CAST(concat('x', id) AS INT) FROM range(3)"))
        .isInstanceOfSatisfying(
            StrataException.class, e -> assertThat(e.fault()).isEqualTo(StrataException.Fault.DATA))
        .hasMessageContaining("CAST_INVALID_INPUT");
  }

  @Test
  void typedStatementsRunWhenTheyAreComplete() throws IOException {
    ByteArrayOutputStream asked = new ByteArrayOutputStream();
    String typed = "SELECT\n 1; SELECT 2;\nSELECT nothing_there;\nSELECT 3";
    run.converse(new BufferedReader(new StringReader(typed)), stream(asked));
    assertThat(text(printed)).isEqualTo("1\n2\n3\n");
    assertThat(text(asked))
        .startsWith("strata>       > strata> strata: ")
        .contains("nothing_there")
        .endsWith("      > ");
  }

  @Test
  void whatIsNotTypedEndsAtTheFirstFailure() {
    BufferedReader in = new BufferedReader(new StringReader("SELECT nothing_there;\nSELECT 3;"));
    assertThatThrownBy(() -> run.converse(in, null)).isInstanceOf(StrataException.class);
    assertThat(text(printed)).isEmpty();
  }
}
