package dev.strata.udfs.live;

import com.codahale.metrics.MetricRegistry;
import java.util.function.Supplier;
import org.apache.spark.metrics.source.Source;

/** The driver's figures among Spark's metrics, where each has {@code strata} in its name. */
final class StrataSource implements Source {

  private final MetricRegistry registry = new MetricRegistry();

  StrataSource(Supplier<WorkFigures> work) {
    WorkMetrics.register(registry, work);
  }

  @Override
  public String sourceName() {
    return "strata";
  }

  @Override
  public MetricRegistry metricRegistry() {
    return registry;
  }
}
