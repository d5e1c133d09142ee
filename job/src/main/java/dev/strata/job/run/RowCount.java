package dev.strata.job.run;

import java.math.BigInteger;
import java.util.OptionalLong;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Counts a run's rows ahead of it, so that it can be said when it will end. Reading is nothing
 * beside asking a model, but a large input makes somebody wait for the first row.
 */
final class RowCount {

  private static final Logger LOG = LoggerFactory.getLogger(RowCount.class);

  /** What a core reads of the slowest format in a second or so. */
  private static final long MOST_BYTES_OF_A_CORE = 64L << 20;

  private RowCount() {}

  /** Their number; empty where counting would take long, or fails as the run will. */
  static OptionalLong of(Dataset<Row> rows) {
    try {
      long most = MOST_BYTES_OF_A_CORE * rows.sparkSession().sparkContext().defaultParallelism();
      BigInteger size = rows.queryExecution().optimizedPlan().stats().sizeInBytes().bigInteger();
      return size.compareTo(BigInteger.valueOf(most)) <= 0
          ? OptionalLong.of(rows.count())
          : OptionalLong.empty();
    } catch (Exception e) { // Spark's are checked, but Scala does not declare them
      LOG.debug("rows were not counted", e);
      return OptionalLong.empty();
    }
  }
}
