package dev.strata.job.run;

import dev.strata.udfs.spark.ErrorReasons;
import java.io.Serializable;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

/**
 * How many rows there are, and why some of them have errors.
 *
 * @param refused why those have that cannot be asked again
 * @param failed why the others have
 */
record RowTally(long rows, ErrorReasons refused, ErrorReasons failed) implements Serializable {

  static final RowTally NONE = new RowTally(0, ErrorReasons.NONE, ErrorReasons.NONE);

  /**
   * Counts rows.
   *
   * @param error their errors
   * @param isRefused of those with an error, whether they cannot be asked again
   */
  static RowTally of(Dataset<Row> rows, Column error, Column isRefused) {
    return rows.select(error, isRefused).javaRDD().aggregate(NONE, RowTally::plus, RowTally::plus);
  }

  private RowTally plus(Row row) {
    if (row.isNullAt(0)) {
      return new RowTally(rows + 1, refused, failed);
    }
    ErrorReasons more = ErrorReasons.of(row.getString(0));
    return row.getBoolean(1)
        ? new RowTally(rows + 1, refused.plus(more), failed)
        : new RowTally(rows + 1, refused, failed.plus(more));
  }

  private RowTally plus(RowTally other) {
    return new RowTally(rows + other.rows, refused.plus(other.refused), failed.plus(other.failed));
  }

  /** Why rows have errors. */
  ErrorReasons errors() {
    return refused.plus(failed);
  }

  /** Rows that can be asked again. */
  long askable() {
    return failed.rows();
  }
}
