package dev.strata.job.run;

import static org.assertj.core.api.Assertions.assertThat;

import dev.strata.job.TestSession;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.apache.spark.api.java.function.FilterFunction;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RowCountTest {

  private static SparkSession spark;

  @TempDir private Path directory;

  @BeforeAll
  static void start() {
    spark = TestSession.local(1).getOrCreate();
  }

  @AfterAll
  static void stop() {
    spark.stop();
  }

  @Test
  void rowsOfSmallFilesAreCounted() throws Exception {
    Path file =
        Files.writeString(directory.resolve("rows.json"), "{\"a\":1}\n{\"a\":2}\n{\"a\":3}\n");
    assertThat(RowCount.of(spark.read().json(file.toString()))).hasValue(3);
    assertThat(RowCount.of(spark.read().json(file.toString()).limit(2))).hasValue(2);
  }

  @Test
  void rowsOfLargeInputsAreNot() {
    assertThat(RowCount.of(spark.range(1L << 40).toDF())).isEmpty();
  }

  @Test
  void countingIsGivenUpAfterAWhile() throws Exception {
    FilterFunction<Long> slowly =
        row -> {
          Thread.sleep(100);
          return true;
        };
    Dataset<Row> slow = spark.range(0, 1000, 1, 1).filter(slowly).toDF();
    assertThat(RowCount.of(slow, Duration.ofMillis(500))).isEmpty();
    for (int i = 0; spark.sparkContext().statusTracker().getActiveJobIds().length > 0; i++) {
      assertThat(i).as("tenths of a second, of a hundred that it takes").isLessThan(300);
      Thread.sleep(100);
    }
  }

  /** The run meets the same, and says so. */
  @Test
  void whatFailsIsNoRowCount() {
    assertThat(RowCount.of(spark.range(3).toDF().filter("raise_error('broken') is null")))
        .isEmpty();
  }
}
