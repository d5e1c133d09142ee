package dev.strata.udfs.sql;

import java.util.HashMap;
import java.util.Map;
import org.apache.spark.scheduler.AccumulableInfo;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerTaskEnd;
import org.apache.spark.sql.SparkSession;
import scala.jdk.javaapi.CollectionConverters;

/** Adds up what the functions' nodes count, by the names that the Spark UI shows. */
final class PromptCounter extends SparkListener {

  private final SparkSession spark;
  private final Map<String, Long> counts = new HashMap<>();

  private PromptCounter(SparkSession spark) {
    this.spark = spark;
  }

  static PromptCounter of(SparkSession spark) {
    PromptCounter counter = new PromptCounter(spark);
    spark.sparkContext().addSparkListener(counter);
    return counter;
  }

  @Override
  public synchronized void onTaskEnd(SparkListenerTaskEnd task) {
    for (AccumulableInfo value : CollectionConverters.asJava(task.taskInfo().accumulables())) {
      if (value.name().isDefined()
          && value.update().isDefined()
          && value.update().get() instanceof Long number) {
        counts.merge(value.name().get(), number, Long::sum);
      }
    }
  }

  /** Forgets what was. */
  void reset() throws Exception {
    settle();
    synchronized (this) {
      counts.clear();
    }
  }

  /** The prompts that engines got since. */
  long asked() throws Exception {
    return count("prompts asked");
  }

  long count(String name) throws Exception {
    settle();
    synchronized (this) {
      return counts.getOrDefault(name, 0L);
    }
  }

  private void settle() throws Exception {
    spark.sparkContext().listenerBus().waitUntilEmpty();
  }
}
