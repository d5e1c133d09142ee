package dev.strata.job.run;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.not;

import dev.strata.job.dataset.AnsweredBatch;
import dev.strata.job.dataset.BatchInput;
import dev.strata.job.dataset.DataFormat;
import dev.strata.job.dataset.Input;
import dev.strata.job.dataset.WrittenRows;
import dev.strata.job.plan.WorkPlan;
import dev.strata.job.report.RunReport;
import dev.strata.udfs.api.StrataConf;
import dev.strata.udfs.api.StrataException;
import dev.strata.udfs.api.StrataKeys;
import dev.strata.udfs.spark.ErrorReasons;
import dev.strata.udfs.spark.Fingerprints;
import dev.strata.udfs.spark.Generation;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.UnaryOperator;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.types.StructType;

/**
 * The failed rows of an output as a run reads them, and what makes the whole output of them again.
 *
 * @param session what is asked of them
 * @param rows those that are asked, and with them those that fail without being asked
 * @param tally of the output as it is
 * @param whole makes the rows of the new output from those that were asked
 * @param partitionBy the columns by whose values the output is laid out
 */
record RowsAgain(
    RunSession session,
    Dataset<Row> rows,
    RowTally tally,
    UnaryOperator<Dataset<Row>> whole,
    DataFormat format,
    List<String> partitionBy) {

  /**
   * Reads an output.
   *
   * @param schema its columns as they were written; empty where that is not known
   * @throws StrataException if it is none of a run, or its failed rows cannot be found
   */
  static RowsAgain of(RunSession session, String location, Optional<String> schema) {
    return BatchInput.isNamedBy(session.conf())
        ? ofBatch(session, location)
        : ofRows(session, location, schema);
  }

  private static RowsAgain ofBatch(RunSession session, String location) {
    Input input = Input.open(session.spark(), session.conf());
    AnsweredBatch batch =
        AnsweredBatch.open(session.spark(), session.limited(input.rows()), location);
    return new RowsAgain(
        session.reading(input),
        batch.open(),
        RowTally.of(batch.requests(), batch.error(), batch.isRefused()),
        batch::with,
        input.format(),
        List.of());
  }

  private static RowsAgain ofRows(RunSession session, String location, Optional<String> schema) {
    StrataConf conf = session.conf();
    WrittenRows written =
        WrittenRows.open(session.spark(), location, conf.get(StrataKeys.OUTPUT_OPTIONS), schema);
    List<String> answers = answers(session);
    requireAnswers(answers, written.rows(), location);
    requireSameRun(session, written.rows(), location);
    Column failed = written.error().isNotNull().and(not(written.isRefused()));
    Dataset<Row> toAsk = written.rows().filter(failed).drop(answers.toArray(String[]::new));
    List<String> columns = List.of(toAsk.columns());
    RunSession all = session.with(conf.with(StrataKeys.COLUMNS, columns));
    Dataset<Row> kept = written.rows().filter(written.error().isNull().or(written.isRefused()));
    return new RowsAgain(
        all,
        hasAll(session, toAsk) ? toAsk : fromInput(session, toAsk),
        RowTally.of(written.rows(), written.error(), written.isRefused()),
        asked -> asked.select(like(kept.schema())).union(kept),
        written.format(),
        written.partitionBy());
  }

  private static List<String> answers(RunSession session) {
    return Arrays.asList(
        Generation.schema(new StructType(), List.of(), session.options()).fieldNames());
  }

  private static void requireAnswers(List<String> answers, Dataset<Row> rows, String location) {
    List<String> columns = Arrays.asList(rows.columns());
    if (!columns.containsAll(answers)) {
      throw StrataException.data(
          "%s is not the output of a run, whose rows have %s; these have %s",
          location, String.join(", ", answers), String.join(", ", columns));
    }
  }

  /** Where incremental runs know rows by what they were asked with, it must stay that. */
  private static void requireSameRun(RunSession session, Dataset<Row> rows, String location) {
    if (Arrays.asList(rows.columns()).contains(Fingerprints.COLUMN)) {
      List<String> runs =
          rows.select(Fingerprints.run(col(Fingerprints.COLUMN)))
              .distinct()
              .as(Encoders.STRING())
              .collectAsList();
      WorkPlan.requireSameRun(location, runs, session.json().identity().get(), List.of());
    }
  }

  private static boolean hasAll(RunSession session, Dataset<Row> rows) {
    try {
      Generation.requireColumns(rows.schema(), session.options());
      return true;
    } catch (StrataException e) {
      return false;
    }
  }

  /** The input's rows whose ids are those of failed rows, where the output has not all of them. */
  private static Dataset<Row> fromInput(RunSession session, Dataset<Row> failed) {
    String id = session.options().idColumn();
    boolean isNamed = id != null && Arrays.asList(failed.columns()).contains(id);
    if (!isNamed || Arrays.asList(failed.columns()).contains(Fingerprints.COLUMN)) {
      throw withoutColumns(session, failed);
    }
    Input input = Input.open(session.spark(), session.conf());
    Dataset<Row> ids = failed.select(col(quoted(id)).cast("string").as("strata_failed_id"));
    Dataset<Row> rows =
        input
            .rows()
            .join(
                ids.distinct(),
                input.rows().col(quoted(id)).cast("string").equalTo(ids.col("strata_failed_id")),
                "left_semi");
    long found = rows.count();
    long wanted = failed.count();
    if (found != wanted) {
      throw StrataException.data(
          "the input has %,d rows with the %s of the %,d failed rows, so it is not what it was, or"
              + " that column does not name one row; run all of it again",
          found, id, wanted);
    }
    return rows;
  }

  private static StrataException withoutColumns(RunSession session, Dataset<Row> rows) {
    try {
      Generation.requireColumns(rows.schema(), session.options());
      throw new IllegalStateException("nothing is absent");
    } catch (StrataException e) {
      return new StrataException(
          StrataException.Fault.DATA,
          "the failed rows cannot be asked again from the output alone: %s; without a column that"
                  .formatted(e.getMessage())
              + " --id-column names they cannot be found in the input: run it again, or with"
              + " --incremental",
          e);
    }
  }

  /** Columns in the order and of the types of others. */
  private static Column[] like(StructType schema) {
    return Arrays.stream(schema.fields())
        .map(field -> col(quoted(field.name())).cast(field.dataType()).as(field.name()))
        .toArray(Column[]::new);
  }

  private static String quoted(String name) {
    return "`" + name.replace("`", "``") + "`";
  }

  RowsToRun toRun() {
    return new RowsToRun(session, rows, new RunReport.Reuse(kept(), false, ErrorReasons.NONE));
  }

  /** Rows that are taken over as they are. */
  long kept() {
    return tally.rows() - tally.askable() - (isBatch() ? tally.refused().rows() : 0);
  }

  /** Why rows have errors that are taken over; wrong requests of a batch get theirs anew. */
  ErrorReasons keptErrors() {
    return isBatch() ? ErrorReasons.NONE : tally.refused();
  }

  /** Whether it answers a batch of requests. */
  boolean isBatch() {
    return BatchInput.isNamedBy(session.conf());
  }
}
