package dev.strata.job.run;

import java.math.BigInteger;
import java.time.Duration;
import java.util.OptionalLong;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.spark.SparkContext;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Counts a run's rows ahead of it, so that it can be said when it will end. A core reads of the
 * slowest format 64 MiB a second or so, which are hours of work for a model; but nobody is to wait
 * long for the first row.
 */
final class RowCount {

  private static final Logger LOG = LoggerFactory.getLogger(RowCount.class);

  private static final long MOST_BYTES_OF_A_CORE = 1L << 30;

  private static final Duration LONGEST = Duration.ofSeconds(30);

  private RowCount() {}

  /** Their number; empty where counting would take long, or fails as the run will. */
  static OptionalLong of(Dataset<Row> rows) {
    return of(rows, LONGEST);
  }

  /** The same; counting is given up after so long. */
  static OptionalLong of(Dataset<Row> rows, Duration longest) {
    try {
      long most = MOST_BYTES_OF_A_CORE * rows.sparkSession().sparkContext().defaultParallelism();
      BigInteger size = rows.queryExecution().optimizedPlan().stats().sizeInBytes().bigInteger();
      return size.compareTo(BigInteger.valueOf(most)) <= 0
          ? counted(rows, longest)
          : OptionalLong.empty();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return OptionalLong.empty();
    } catch (Exception e) { // Spark's are checked, but Scala does not declare them
      LOG.debug("rows were not counted", e);
      return OptionalLong.empty();
    }
  }

  private static OptionalLong counted(Dataset<Row> rows, Duration longest) throws Exception {
    SparkContext context = rows.sparkSession().sparkContext();
    String group = "strata-row-count-" + UUID.randomUUID();
    CompletableFuture<Long> count = new CompletableFuture<>();
    Thread thread =
        new Thread(
            () -> {
              context.setJobGroup(group, "counting rows", true);
              try {
                count.complete(rows.count());
              } catch (Throwable e) { // whoever waits for it is told
                count.completeExceptionally(e);
              }
            },
            "strata-row-count");
    thread.setDaemon(true);
    thread.start();
    try {
      return OptionalLong.of(count.get(longest.toNanos(), TimeUnit.NANOSECONDS));
    } catch (TimeoutException | InterruptedException e) {
      context.cancelJobGroupAndFutureJobs(group); // it may be planning yet
      throw e;
    }
  }
}
