package dev.strata.udfs.live;

import java.util.Map;
import org.apache.spark.SparkContext;
import org.apache.spark.api.plugin.DriverPlugin;
import org.apache.spark.api.plugin.PluginContext;

/** The plugin in the driver, which hears of executors' tasks. */
final class DriverSide implements DriverPlugin {

  private final Quietly quietly = new Quietly("what executors tell of their tasks is lost");
  private SparkContext context;

  @Override
  public Map<String, String> init(SparkContext started, PluginContext plugin) {
    context = started;
    quietly.run(() -> LiveView.of(context).show());
    return Map.of();
  }

  @Override
  public void registerMetrics(String application, PluginContext plugin) {
    quietly.run(() -> LiveView.of(context).measure());
  }

  @Override
  public Object receive(Object message) {
    quietly.run(() -> LiveView.of(context).hear(ProgressMessage.of((String) message)));
    return null;
  }
}
