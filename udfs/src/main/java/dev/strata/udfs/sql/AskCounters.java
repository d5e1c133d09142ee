package dev.strata.udfs.sql;

import dev.strata.udfs.api.StrataKeys;
import dev.strata.udfs.spark.EngineStats;
import dev.strata.udfs.spark.ErrorLimit;
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
    return ErrorLimit.Allowed.of(
        options.maxErrorRatio(),
        stats(session).id(),
        partitions,
        "calls",
        StrataKeys.SQL_MAX_ERROR_RATIO.name());
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
