package dev.strata.udfs.live;

import org.apache.spark.api.plugin.DriverPlugin;
import org.apache.spark.api.plugin.ExecutorPlugin;
import org.apache.spark.api.plugin.SparkPlugin;

/**
 * Carries what runs do from inside tasks to the driver, once a second, and adds Strata's figures to
 * the metrics of driver and executors. For {@code spark.plugins}; Strata's own sessions load it.
 * Without it the tab is filled as well, as often as executors' heartbeats come.
 */
public final class StrataPlugin implements SparkPlugin {

  @Override
  public DriverPlugin driverPlugin() {
    return new DriverSide();
  }

  @Override
  public ExecutorPlugin executorPlugin() {
    return new ExecutorSide();
  }
}
