package dev.strata.job.progress;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.strata.job.TestSession;
import dev.strata.job.report.TokenRates;
import dev.strata.udfs.api.EngineMemory;
import dev.strata.udfs.api.EngineSnapshot;
import dev.strata.udfs.api.SweepTimes;
import dev.strata.udfs.spark.EngineStats;
import dev.strata.udfs.spark.RowCounts;
import dev.strata.udfs.spark.RunProgress;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.apache.spark.api.java.JavaSparkContext;
import org.apache.spark.scheduler.AccumulableInfo;
import org.apache.spark.scheduler.SparkListenerExecutorMetricsUpdate;
import org.apache.spark.scheduler.SparkListenerExecutorRemoved;
import org.apache.spark.sql.SparkSession;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import scala.Option;
import scala.Tuple4;
import scala.jdk.javaapi.CollectionConverters;

/** What the progress line knows after executors were lost. */
class ProgressListenerTest {

  private static SparkSession spark;

  @BeforeAll
  static void start() {
    spark = TestSession.local(1).getOrCreate();
  }

  @AfterAll
  static void stop() {
    spark.stop();
  }

  @Test
  void anEngineThatIsGoneHasNoRowsAnyMore() {
    EngineStats stats = EngineStats.register(spark);
    ProgressListener listener = new ProgressListener(stats);
    hear(listener, stats, "1", progress("a", 0, 40));
    hear(listener, stats, "2", progress("b", 1, 60));
    assertThat(listener.engines()).isEqualTo(2);
    assertThat(listener.progress().sum(EngineSnapshot::activeRows)).isEqualTo(128);

    listener.onExecutorRemoved(new SparkListenerExecutorRemoved(0, "1", "killed"));

    RunProgress left = listener.progress();
    assertThat(listener.engines()).isEqualTo(1);
    assertThat(left.sum(EngineSnapshot::activeRows)).isEqualTo(64);
    assertThat(left.sum(EngineSnapshot::waitingRows)).isEqualTo(120);
    assertThat(left.sum(EngineSnapshot::newTokens)).as("what it did counts").isEqualTo(2000);
    assertThat(left.rows().done()).isEqualTo(100);
    assertThat(
            ProgressLine.render(
                left, listener.engines(), OptionalLong.of(284), 0, java.util.Optional.empty(), 200))
        .isEqualTo("100 of 284 rows · 64 active, 120 waiting · 1 engine, sweep 6 together");
  }

  /** A task that is over before any heartbeat tells by its end where its engine was. */
  @Test
  void whereEnginesWereAndWhenTokensCame() {
    EngineStats stats = EngineStats.register(spark);
    ProgressListener listener = new ProgressListener(stats);
    spark.sparkContext().addSparkListener(listener);
    JavaSparkContext.fromSparkContext(spark.sparkContext())
        .parallelize(List.of(1), 1)
        .foreach(row -> stats.add(progress("c", 0, 40)));
    await(() -> listener.course().executors().equals(Map.of("c", "driver")));
    spark.sparkContext().removeSparkListener(listener);
    TokenRates rates = listener.course().rates();
    assertThat(rates.newTokens()).hasSize(1);
    assertThat(rates.newTokens().get(0) * rates.stepSeconds()).isCloseTo(1000, within(30.0));
  }

  private static void await(BooleanSupplier condition) {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
    while (!condition.getAsBoolean()) {
      assertThat(System.nanoTime()).as("heard in time").isLessThan(end);
      Thread.onSpinWait();
    }
  }

  private static RunProgress progress(String engine, int partition, long done) {
    EngineSnapshot snapshot =
        new EngineSnapshot(
            engine,
            1,
            3,
            0,
            12,
            64,
            120,
            0,
            0,
            0,
            1000,
            0,
            0,
            0,
            0,
            0,
            0,
            0,
            0,
            0,
            0,
            0,
            0,
            0,
            0,
            SweepTimes.NONE,
            EngineMemory.NONE);
    return new RunProgress(
        Map.of(engine, snapshot), Map.of(partition, new RowCounts(done, 0, 0, 0)));
  }

  private static void hear(
      ProgressListener listener, EngineStats stats, String executor, RunProgress progress) {
    AccumulableInfo report =
        new AccumulableInfo(
            stats.id(),
            Option.empty(),
            Option.apply(progress),
            Option.empty(),
            false,
            false,
            Option.empty());
    var reports = CollectionConverters.asScala(List.of(report)).toSeq();
    Tuple4<Object, Object, Object, scala.collection.immutable.Seq<AccumulableInfo>> task =
        new Tuple4<>(1L, 1, 0, reports);
    listener.onExecutorMetricsUpdate(
        new SparkListenerExecutorMetricsUpdate(
            executor,
            CollectionConverters.asScala(List.of(task)).toSeq(),
            scala.collection.immutable.Map$.MODULE$.empty()));
  }
}
