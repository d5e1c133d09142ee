package dev.strata.udfs.spark;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerJobStart;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.Test;

class PlannedRowsTest {

  /** The first stages of a plan with shuffles are jobs of their own. */
  @Test
  void nothingRunsBeforeAnActionDoes() throws Exception {
    try (SparkSession session = TestSession.local(2).getOrCreate()) {
      AtomicInteger jobs = new AtomicInteger();
      session
          .sparkContext()
          .addSparkListener(
              new SparkListener() {
                @Override
                public void onJobStart(SparkListenerJobStart start) {
                  jobs.incrementAndGet();
                }
              });
      Dataset<Row> rows = session.range(100).repartition(3).toDF("id");
      JavaRDD<Long> ids = new PlannedRows(rows).toJavaRDD().map(row -> row.getLong(0));
      session.sparkContext().listenerBus().waitUntilEmpty();
      assertThat(jobs).hasValue(0);
      assertThat(ids.collect()).hasSize(100).containsAll(List.of(0L, 99L));
      assertThat(ids.getNumPartitions()).isEqualTo(3);
      session.sparkContext().listenerBus().waitUntilEmpty();
      assertThat(jobs).hasPositiveValue();
    }
  }

  @Test
  void whereSparkHasNoResourcesForStagesRowsStayAsTheyAre() throws Exception {
    try (SparkSession session =
        TestSession.local(2).config("spark.executor.resource.gpu.amount", "1").getOrCreate()) {
      assertThat(StageResources.profile(session.sparkContext())).isEmpty();
      JavaRDD<Row> rows = session.range(3).toDF("id").toJavaRDD();
      assertThat(StageResources.asking(rows)).isSameAs(rows);
    }
  }
}
