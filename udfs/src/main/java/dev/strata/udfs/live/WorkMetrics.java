package dev.strata.udfs.live;

import com.codahale.metrics.Gauge;
import com.codahale.metrics.MetricRegistry;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.function.Supplier;

/** {@link WorkFigures} under the names that Spark's metrics have them by. */
final class WorkMetrics {

  private final MetricRegistry registry;
  private final Supplier<WorkFigures> work;

  private WorkMetrics(MetricRegistry registry, Supplier<WorkFigures> work) {
    this.registry = registry;
    this.work = work;
  }

  /**
   * Registers them.
   *
   * @param work asked for each figure whenever somebody reads it
   */
  static void register(MetricRegistry registry, Supplier<WorkFigures> work) {
    WorkMetrics metrics = new WorkMetrics(registry, work);
    metrics.add("rows.done", WorkFigures::rows);
    metrics.add("rows.errors", WorkFigures::errors);
    metrics.add("tokens.prompt", WorkFigures::promptTokens);
    metrics.add("tokens.generated", WorkFigures::newTokens);
    metrics.add("tokens.perSecond", WorkFigures::tokensPerSecond);
    metrics.add("tokens.perSecond.limit", WorkFigures::limitPerSecond);
    metrics.add("sweeps", WorkFigures::sweeps);
    metrics.add("bytes.read", WorkFigures::readBytes);
    metrics.add("seconds.waiting.disk", figures -> seconds(figures.times().diskNanos()));
    metrics.add("seconds.waiting.copy", figures -> seconds(figures.times().copyNanos()));
    metrics.add("seconds.computing", figures -> seconds(figures.times().computeNanos()));
  }

  private void add(String name, Function<WorkFigures, Number> figure) {
    Gauge<Number> gauge = () -> figure.apply(work.get());
    registry.register(name, gauge);
  }

  private static double seconds(long nanos) {
    return (double) nanos / TimeUnit.SECONDS.toNanos(1);
  }
}
