package dev.strata.job.run;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.max;
import static org.apache.spark.sql.functions.sum;
import static org.apache.spark.sql.functions.when;

import dev.strata.job.dataset.SchemaColumns;
import dev.strata.job.plan.WorkPlan;
import dev.strata.udfs.spark.ErrorReasons;
import dev.strata.udfs.spark.Fingerprints;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.StructType;

/**
 * The rows that an earlier run left: completions by fingerprint. Input rows that ask the same have
 * the same completion, so one of several is enough.
 */
final class EarlierRows {

  private static final String ASK = "strata_fingerprint_ask";
  private static final Column ERROR = col("error");
  private static final Column FINGERPRINT = col(Fingerprints.COLUMN);

  private final Dataset<Row> rows;

  private EarlierRows(Dataset<Row> rows) {
    this.rows = rows;
  }

  /**
   * None.
   *
   * @param added the columns that a run adds to its input's
   */
  static EarlierRows none(SparkSession session, StructType added) {
    return new EarlierRows(session.createDataFrame(List.of(), added));
  }

  /** Those of files; for the columns see {@link #none}. */
  static EarlierRows read(
      SparkSession session,
      StructType added,
      String location,
      String format,
      Map<String, String> options) {
    return new EarlierRows(
        session.read().format(format).options(options).schema(added).load(location));
  }

  /** Those of a table; a column that it lacks is null in all its rows. */
  static EarlierRows of(Dataset<Row> table, StructType added) {
    return new EarlierRows(table.select(SchemaColumns.of(added, table)));
  }

  /** The identities of the runs that wrote the rows; null for rows without one. */
  List<String> runs() {
    return rows.select(Fingerprints.run(FINGERPRINT))
        .distinct()
        .as(Encoders.STRING())
        .collectAsList();
  }

  /**
   * What is to do.
   *
   * @param input the input's rows with their fingerprints
   */
  WorkPlan plan(Dataset<Row> input) {
    Row found =
        counts(input)
            .agg(
                sum("wanted"),
                sum(when(col("done").equalTo(0), col("wanted")).otherwise(0)),
                max("differs"))
            .first();
    return found.isNullAt(0)
        ? new WorkPlan(0, 0, false)
        : new WorkPlan(found.getLong(0), found.getLong(1), found.getBoolean(2));
  }

  /** For each thing to ask: the rows that ask it and those that have been done. */
  private Dataset<Row> counts(Dataset<Row> input) {
    Column isDone = Fingerprints.isDone(FINGERPRINT, ERROR);
    Dataset<Row> wanted = input.select(FINGERPRINT, lit(1).as("w"), lit(0).as("t"), lit(0).as("d"));
    Dataset<Row> there = rows.select(FINGERPRINT, lit(0), lit(1), when(isDone, 1).otherwise(0));
    return wanted
        .union(there)
        .groupBy(FINGERPRINT)
        .agg(sum("w").as("w"), sum("t").as("t"), sum("d").as("d"))
        .groupBy(Fingerprints.ask(FINGERPRINT))
        .agg(
            sum("w").as("wanted"),
            sum("d").as("done"),
            max(col("w").notEqual(col("t")).or(col("d").between(1, col("t").minus(1))))
                .as("differs"));
  }

  /** The input's rows that have been done, with their completions and the input's columns. */
  Dataset<Row> takenOver(Dataset<Row> input) {
    return withAsk(input.drop(answers())).join(done(), new String[] {ASK}, "inner").drop(ASK);
  }

  /** Why rows have errors that are taken over, which they would have again. */
  ErrorReasons errorsTakenOver(Dataset<Row> input) {
    Dataset<Row> failed = done().filter(ERROR.isNotNull());
    if (failed.isEmpty()) {
      return ErrorReasons.NONE;
    }
    Dataset<Row> taken =
        withAsk(input.select(FINGERPRINT)).join(failed.select(col(ASK), ERROR), ASK);
    return RowTally.of(taken, ERROR, lit(true)).errors();
  }

  /** The input's rows that are new, changed or failed. */
  Dataset<Row> toRun(Dataset<Row> input) {
    return withAsk(input).join(done().select(ASK), new String[] {ASK}, "left_anti").drop(ASK);
  }

  /** The columns of what was asked. */
  private String[] answers() {
    return Arrays.stream(rows.columns())
        .filter(name -> !name.equals(Fingerprints.COLUMN))
        .toArray(String[]::new);
  }

  private Dataset<Row> done() {
    return withAsk(rows.filter(Fingerprints.isDone(FINGERPRINT, ERROR)))
        .drop(Fingerprints.COLUMN)
        .dropDuplicates(ASK);
  }

  private static Dataset<Row> withAsk(Dataset<Row> rows) {
    return rows.withColumn(ASK, Fingerprints.ask(FINGERPRINT));
  }
}
