package dev.strata.job.run;

import static org.apache.spark.sql.functions.array_contains;
import static org.apache.spark.sql.functions.bool_and;
import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.collect_set;
import static org.apache.spark.sql.functions.count;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.not;
import static org.apache.spark.sql.functions.when;

import dev.strata.job.dataset.Output;
import dev.strata.job.report.RunReport;
import dev.strata.udfs.api.StrataException;
import dev.strata.udfs.spark.RowIds;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.catalyst.expressions.Cast;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;

/**
 * The ids of an output's rows, to which new ones are added: a row whose id is there is not asked
 * and not written again, whatever it asks and whatever became of it. A row without an id is new.
 *
 * @param output for messages
 * @param session what was asked of the rows
 * @param rows those that are there
 */
record ExistingIds(String output, RunSession session, Dataset<Row> rows) {

  private static final Column ID = col(RowIds.ID);
  private static final Column ASK = col(RowIds.ASK);
  private static final String ERROR = "error";
  private static final String FAILED = "strata_failed";
  private static final String ASKS = "strata_asks";
  private static final String KNOWN = "strata_known";

  /**
   * Looks for ids where rows are added to an output and have ids.
   *
   * @throws StrataException if rows have ids and those of the output's cannot be known
   */
  static Optional<ExistingIds> of(Output output, RunSession session) {
    String id = session.options().idColumn();
    Optional<Dataset<Row>> rows = id == null ? Optional.empty() : output.existingRows();
    rows.ifPresent(there -> requireColumn(output.toString(), there, id));
    return rows.map(there -> new ExistingIds(output.toString(), session, there));
  }

  private static void requireColumn(String output, Dataset<Row> there, String id) {
    if (Arrays.stream(there.columns()).noneMatch(id::equalsIgnoreCase)) {
      throw StrataException.data(
          "the output %s has no column '%s', by which --mode append knows the rows that are there;"
              + " have it come out with --columns, or unset --id-column to add all rows",
          output, id);
    }
  }

  /** The rows of an input that are not there. */
  RowsToRun newRows(RunSession reading, Dataset<Row> input) {
    Dataset<Row> there = there(input.schema());
    Row found = found(there, RowIds.of(input, reading.options()));
    long known = found.getLong(1);
    RunReport.Stayed stayed = new RunReport.Stayed(found.getLong(2), found.getLong(3));
    boolean isNothingNew = known > 0 && known == found.getLong(0);
    return new RowsToRun(
        reading,
        RowIds.without(input, failures(there).select(ID), reading.options()),
        new RunReport.Reuse(known, isNothingNew, stayed));
  }

  /**
   * How many rows there are, are known, ask something else, and failed.
   *
   * @param input the ids of the input's rows, and what they ask
   */
  private Row found(Dataset<Row> there, Dataset<Row> input) {
    Dataset<Row> known =
        failures(there)
            .join(asks(there), new String[] {RowIds.ID}, "left")
            .withColumn(KNOWN, lit(1));
    Column isKnown = col(KNOWN).isNotNull();
    Column isChanged = not(array_contains(col(ASKS), ASK));
    return input
        .join(known, new String[] {RowIds.ID}, "left")
        .agg(
            count(lit(1)),
            count(when(isKnown, 1)),
            count(when(isKnown.and(isChanged), 1)),
            count(when(isKnown.and(col(FAILED)), 1)))
        .first();
  }

  /** The ids that are there, each once, and whether all of its rows failed. */
  private Dataset<Row> failures(Dataset<Row> there) {
    return there
        .select(
            RowIds.text(there.schema(), session.options()).as(RowIds.ID),
            col(ERROR).isNotNull().as(FAILED))
        .groupBy(ID)
        .agg(bool_and(col(FAILED)).as(FAILED));
  }

  /** What the rows of each id ask; nothing where columns of the prompt did not come out. */
  private Dataset<Row> asks(Dataset<Row> there) {
    try {
      return RowIds.of(there, session.options()).groupBy(ID).agg(collect_set(ASK).as(ASKS));
    } catch (StrataException e) {
      Column unknown = lit(null).cast("array<string>");
      return failures(there).select(ID, unknown.as(ASKS));
    }
  }

  /** The rows that are there, with the types of the input: some forms of files keep none. */
  private Dataset<Row> there(StructType input) {
    List<Column> columns = new ArrayList<>();
    for (StructField column : rows.schema().fields()) {
      Column value = col("`" + column.name() + "`");
      DataType type = typeOf(column, input);
      if (type.equals(column.dataType()) || Cast.canTryCast(column.dataType(), type)) {
        columns.add(value.try_cast(type).as(column.name()));
      }
    }
    return rows.select(columns.toArray(Column[]::new));
  }

  private static DataType typeOf(StructField column, StructType input) {
    return Arrays.stream(input.fields())
        .filter(field -> field.name().equalsIgnoreCase(column.name()))
        .findFirst()
        .map(StructField::dataType)
        .orElse(column.dataType());
  }
}
