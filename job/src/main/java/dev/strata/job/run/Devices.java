package dev.strata.job.run;

import dev.strata.udfs.api.EngineOptions;
import dev.strata.udfs.api.PlanPreview;
import dev.strata.udfs.api.StrataException;
import dev.strata.udfs.spark.GenerationPreview;
import java.util.Map;

/**
 * What executors will compute on, as far as the driver can know.
 *
 * @param onHost whether plans are for processors
 * @param known whether that is certain; else executors will see whether there is a GPU
 * @param text for people, with the reason
 */
record Devices(boolean onHost, boolean known, String text) {

  private static final String GPUS = "spark.executor.resource.gpu.amount";

  /**
   * Reads the settings; where executors choose and the driver is the executor, looks for a GPU.
   *
   * @param settings Spark's, with the master
   */
  static Devices of(String device, Map<String, String> settings) {
    if (device.equals("cpu")) {
      return new Devices(true, true, "processor (--device cpu)");
    }
    if (device.equals("cuda")) {
      return new Devices(false, true, "GPU (--device cuda)");
    }
    String gpus = settings.getOrDefault(GPUS, "0");
    if (!gpus.equals("0")) {
      return new Devices(false, true, "GPU (%s is %s)".formatted(GPUS, gpus));
    }
    boolean isLocal = settings.getOrDefault("spark.master", "local").matches("local(\\[.*])?");
    return isLocal ? ofThisMachine() : unknown();
  }

  private static Devices ofThisMachine() {
    return GenerationPreview.hasGpu()
        ? new Devices(false, true, "GPU (found on this machine)")
        : new Devices(true, true, "processor (no GPU found on this machine)");
  }

  /** A driver's machine says nothing of its executors': one may have GPUs and the other none. */
  private static Devices unknown() {
    return new Devices(
        true,
        false,
        "processor (assumed: --device is auto, and executors take a GPU if they find one; set"
            + " --device cuda to plan for GPUs)");
  }

  /**
   * Refuses a budget that the executors' engines would refuse, before anything starts.
   *
   * @throws StrataException with the smallest budget that works
   */
  void check(EngineOptions options) {
    if (known) {
      plan(options);
    }
  }

  /**
   * An engine's memory plan.
   *
   * @throws StrataException if the budget is too small; where the device is assumed, it says so
   */
  PlanPreview plan(EngineOptions options) {
    try {
      return GenerationPreview.plan(options, onHost);
    } catch (StrataException e) {
      if (known || e.fault() != StrataException.Fault.RESOURCES) {
        throw e;
      }
      throw new StrataException(e.fault(), e.getMessage() + "; that is for a " + text, e);
    }
  }
}
