package dev.strata.job.run;

import dev.strata.udfs.api.EngineOptions;
import dev.strata.udfs.spark.GenerationPreview;
import java.util.Map;

/** What executors will compute on, as far as the driver can know. */
enum Devices {
  /** Their processors. */
  HOST,
  /** A GPU each. */
  GPU,
  /** Executors will see whether there is a GPU. */
  UNKNOWN;

  /**
   * Reads the settings; where executors choose and the driver is the executor, looks for a GPU.
   *
   * @param settings Spark's, with the master
   */
  static Devices of(String device, Map<String, String> settings) {
    if (device.equals("cpu")) {
      return HOST;
    }
    if (device.equals("cuda") || settings.containsKey("spark.executor.resource.gpu.amount")) {
      return GPU;
    }
    boolean isLocal = settings.getOrDefault("spark.master", "local").matches("local(\\[.*])?");
    if (!isLocal) {
      return UNKNOWN;
    }
    return GenerationPreview.hasGpu() ? GPU : HOST;
  }

  /** Whether plans are for processors: also for executors of which nothing is known. */
  boolean onHost() {
    return this != GPU;
  }

  /**
   * Refuses a budget that the executors' engines would refuse, before anything starts.
   *
   * @throws dev.strata.udfs.api.StrataException with the smallest budget that works
   */
  void check(EngineOptions options) {
    if (this != UNKNOWN) {
      GenerationPreview.plan(options, onHost());
    }
  }
}
