package dev.strata.udfs.sql;

import dev.strata.udfs.spark.EngineStats;
import java.util.Map;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.execution.metric.SQLMetric;

/** What a node of a physical plan counts; the same each time that it is asked for. */
final class AskCounters {

  private AskMetrics metrics;
  private EngineStats stats;

  synchronized AskMetrics metrics(SparkSession session) {
    if (metrics == null) {
      metrics = AskMetrics.create(session.sparkContext());
    }
    return metrics;
  }

  synchronized EngineStats stats(SparkSession session) {
    if (stats == null) {
      stats = EngineStats.register(session);
    }
    return stats;
  }

  /** What the node's query allows to fail. */
  ErrorLimit.Allowed allowed(AskOptions options, int partitions, SparkSession session) {
    if (options.maxErrorRatio() < 1) {
      ErrorTally.listen();
    }
    return new ErrorLimit.Allowed(
        options.maxErrorRatio(), metrics(session).failed().id(), partitions);
  }

  /** The metrics as Spark has them. */
  @SuppressWarnings("unchecked") // Scala's maps are covariant
  scala.collection.immutable.Map<String, SQLMetric> shown(SparkSession session) {
    scala.collection.immutable.Map<String, SQLMetric> all =
        (scala.collection.immutable.Map<String, SQLMetric>)
            (scala.collection.immutable.Map<?, ?>) scala.collection.immutable.Map$.MODULE$.empty();
    for (Map.Entry<String, SQLMetric> metric : metrics(session).all().entrySet()) {
      all = all.updated(metric.getKey(), metric.getValue());
    }
    return all;
  }
}
