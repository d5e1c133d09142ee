package dev.strata.job.dataset;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.get_json_object;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.when;

import dev.strata.udfs.api.StrataException;
import java.util.Arrays;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataTypes;

/**
 * The requests of a batch beside the lines that a run answered them with.
 *
 * @param requests all of them, those that have an answer with its line
 */
public record AnsweredBatch(Dataset<Row> requests) {

  private static final String ID = "custom_id";
  private static final String ANSWER = "strata_answer";
  private static final Column LINE = col(BatchLines.EARLIER);
  private static final Column REFUSAL = col("refusal");

  /**
   * Reads both.
   *
   * @param rows the requests
   * @param location the output
   * @throws StrataException if the output is not of these requests
   */
  public static AnsweredBatch open(SparkSession session, Dataset<Row> rows, String location) {
    Dataset<Row> answers =
        lines(session, new Path(location, BatchOutput.ANSWERS))
            .select(get_json_object(col("value"), "$." + ID).as(ID), col("value").as(ANSWER));
    Column isAnswered = REFUSAL.isNull().and(col(ANSWER).isNotNull());
    Dataset<Row> requests =
        rows.join(answers, rows.col(ID).equalTo(answers.col(ID)), "left")
            .drop(answers.col(ID))
            .withColumn(BatchLines.EARLIER, when(isAnswered, col(ANSWER)))
            .drop(ANSWER);
    AnsweredBatch batch = new AnsweredBatch(requests);
    batch.requireSame(
        answers.count(), lines(session, new Path(location, BatchOutput.ERRORS)).count(), location);
    return batch;
  }

  private static Dataset<Row> lines(SparkSession session, Path file) {
    return session.read().text(DataFiles.literal(file));
  }

  private void requireSame(long answers, long errors, String location) {
    long all = requests.count();
    long answered = requests.filter(LINE.isNotNull()).count();
    if (all != answers + errors || answered != answers) {
      throw StrataException.data(
          "the input has %,d requests, of which the output %s answers %,d, and the output has %,d"
              + " answers and %,d errors: the input is not what it was; answer it anew",
          all, location, answered, answers, errors);
    }
  }

  /** Why a request has no answer that is no answer itself; null where it has one. */
  public Column error() {
    return when(LINE.isNull(), when(isRefused(), REFUSAL).otherwise(lit("not answered")));
  }

  /** Whether a request is wrong, so that it cannot be asked. */
  public Column isRefused() {
    return REFUSAL.isNotNull();
  }

  /** Those that are to be asked, and those that are wrong, as a run reads them. */
  public Dataset<Row> open() {
    return requests.filter(LINE.isNull()).drop(BatchLines.EARLIER);
  }

  /** Completed requests together with those that had an answer. */
  public Dataset<Row> with(Dataset<Row> completed) {
    Dataset<Row> earlier =
        requests
            .filter(LINE.isNotNull())
            .select(append(SchemaColumns.of(completed.schema(), requests), LINE));
    return completed
        .withColumn(BatchLines.EARLIER, lit(null).cast(DataTypes.StringType))
        .union(earlier);
  }

  private static Column[] append(Column[] columns, Column last) {
    Column[] all = Arrays.copyOf(columns, columns.length + 1);
    all[columns.length] = last;
    return all;
  }
}
