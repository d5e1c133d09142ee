package dev.strata.job.runs;

import static org.assertj.core.api.Assertions.assertThat;

import dev.strata.job.CommandResult;
import dev.strata.job.Demo;
import dev.strata.job.TestSession;
import dev.strata.job.cli.SubmittedCommand;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/**
 * Runs into tables that have commits of their own, on the Spark that both are released for. Not of
 * the default build:
 *
 * <pre>{@code
 * ./mvnw -Pspark-4.0,tables -pl udfs,job test -Dtest=CommittedTablesCheck -Dsurefire.failIfNoSpecifiedTests=false
 * }</pre>
 */
class CommittedTablesCheck {

  /** Where tables are kept. */
  private enum Kind {
    DELTA,
    ICEBERG;

    /** Spark's own catalog forgets names from one session to the next. */
    String table(Path folder) {
      return this == DELTA ? "delta.`%s`".formatted(folder.resolve("answers")) : "lake.db.answers";
    }

    Map<String, String> settings(Path folder) {
      Map<String, String> settings = new HashMap<>();
      settings.put("spark.sql.warehouse.dir", folder.resolve("warehouse").toString());
      settings.put("spark.sql.shuffle.partitions", "2");
      settings.put("spark.ui.enabled", "false");
      if (this == DELTA) {
        settings.put("spark.databricks.delta.snapshotPartitions", "1");
        settings.put("spark.sql.extensions", "io.delta.sql.DeltaSparkSessionExtension");
        settings.put(
            "spark.sql.catalog.spark_catalog", "org.apache.spark.sql.delta.catalog.DeltaCatalog");
      } else {
        settings.put("spark.sql.catalog.lake", "org.apache.iceberg.spark.SparkCatalog");
        settings.put("spark.sql.catalog.lake.type", "hadoop");
        settings.put("spark.sql.catalog.lake.warehouse", folder.resolve("lake").toString());
      }
      return settings;
    }
  }

  @TempDir Path directory;

  private Kind kind;

  @ParameterizedTest
  @EnumSource(Kind.class)
  void anIncrementalRunReplacesTheRows(Kind of) throws Exception {
    kind = of;
    CommandResult first = incremental("{'id': 1, 'text': 'one'}", "{'id': 2, 'text': 'two'}");
    assertThat(first.out().get(0)).startsWith("2 rows in ");
    long commits = commits();

    CommandResult same = incremental("{'id': 2, 'text': 'two'}", "{'id': 1, 'text': 'one'}");
    assertThat(same.out().get(0)).startsWith("nothing to do: all 2 rows are done, ");

    CommandResult changed = incremental("{'id': 2, 'text': 'two!'}", "{'id': 1, 'text': 'one'}");
    assertThat(changed.out().get(0)).startsWith("1 rows in ");
    assertThat(changed.summary("rows kept")).isEqualTo(1);
    assertThat(rows("id, text")).containsExactly("[1,one]", "[2,two!]");
    assertThat(commits()).as("one commit replaces").isBetween(commits + 1, commits + 2);

    CommandResult wider =
        incremental("{'id': 1, 'text': 'one', 'more': 7}", "{'id': 3, 'text': 'three', 'more': 8}");
    assertThat(wider.summary("rows kept")).isEqualTo(1);
    assertThat(rows("id, more")).containsExactly("[1,7]", "[3,8]");

    CommandResult other = run(List.of("--incremental", "--seed", "5"), "{'id': 1, 'text': 'one'}");
    assertThat(other.exitCode()).isEqualTo(4);
    assertThat(other.err())
        .anyMatch(line -> line.contains("was made with other options (--seed was 0 and is 5);"));
    assertThat(rows("id, more")).containsExactly("[1,7]", "[3,8]");
  }

  @ParameterizedTest
  @EnumSource(Kind.class)
  void onlyNewIdsAreAdded(Kind of) throws Exception {
    kind = of;
    append("{'id': 1, 'text': 'one'}");
    CommandResult second = append("{'id': 1, 'text': 'changed'}", "{'id': 2, 'text': 'two'}");
    assertThat(second.summary("there already")).isEqualTo(1);
    assertThat(second.out()).anyMatch(line -> line.contains("changed since      1 rows"));
    assertThat(rows("id, text")).containsExactly("[1,one]", "[2,two]");
    assertThat(append("{'id': 2, 'text': 'two'}").out().get(0))
        .startsWith("nothing to do: all 1 rows are there already, ");
  }

  @ParameterizedTest
  @EnumSource(Kind.class)
  void itsRowsSayWhichFailed(Kind of) throws Exception {
    kind = of;
    CommandResult absent = status();
    assertThat(absent.exitCode()).as("%s", absent.err()).isEqualTo(4);
    assertThat(absent.err())
        .anyMatch(line -> line.contains("nothing is there, and no run has begun it"));
    append("{'id': 1, 'text': 'one'}", "{'id': 2, 'text': null}");
    CommandResult status = status();
    assertThat(status.exitCode()).as("%s", status.err()).isZero();
    assertThat(status.out()).first().isEqualTo("table " + kind.table(directory) + ": complete");
    assertThat(status.out())
        .anyMatch(line -> line.matches("  rows +2"))
        .anyMatch(line -> line.matches("  errors +1: column 'text' is null"));
  }

  private CommandResult status() {
    List<String> words = List.of("status", kind.table(directory), "--output-format", "table");
    return SubmittedCommand.run(kind.settings(directory), words);
  }

  private CommandResult incremental(String... rows) throws IOException {
    CommandResult result = run(List.of("--incremental"), rows);
    assertThat(result.exitCode()).as("%s", result.err()).isZero();
    return result;
  }

  private CommandResult append(String... rows) throws IOException {
    CommandResult result = run(List.of("--mode", "append"), rows);
    assertThat(result.exitCode()).as("%s", result.err()).isZero();
    return result;
  }

  private CommandResult run(List<String> how, String... rows) throws IOException {
    Path input = directory.resolve("rows.jsonl");
    Files.writeString(input, String.join("\n", rows).replace('\'', '"'));
    List<String> words =
        new ArrayList<>(
            List.of("generate", "--model", Demo.MODEL.toString(), "--input", input.toString()));
    words.addAll(List.of("--output", kind.table(directory), "--output-format", "table"));
    words.addAll(List.of("--id-column", "id", "--max-new-tokens", "2", "--host-memory", "512m"));
    if (kind == Kind.DELTA) {
      words.addAll(List.of("--output-options", "using=delta"));
    }
    words.addAll(how);
    return SubmittedCommand.run(kind.settings(directory), words);
  }

  private List<String> rows(String columns) {
    return query("SELECT " + columns + " FROM " + kind.table(directory) + " ORDER BY id");
  }

  private long commits() {
    String history =
        kind == Kind.DELTA
            ? "DESCRIBE HISTORY " + kind.table(directory)
            : "SELECT * FROM " + kind.table(directory) + ".snapshots";
    return query(history).size();
  }

  private List<String> query(String statement) {
    SparkSession.Builder builder = TestSession.local(1);
    kind.settings(directory).forEach(builder::config);
    SparkSession spark = builder.getOrCreate();
    try {
      return spark.sql(statement).collectAsList().stream().map(Row::toString).toList();
    } finally {
      spark.stop();
    }
  }
}
