package dev.strata.udfs.engine;

import dev.strata.udfs.api.EngineOptions;
import dev.strata.udfs.api.PlanPreview;
import dev.strata.udfs.store.Checkpoint;
import dev.strata.udfs.tensor.ComputeDevice;

/** What an engine would do, without starting one. */
public final class EnginePreview {

  private EnginePreview() {}

  /** Whether an engine of this JVM that may choose would take a GPU. */
  public static boolean hasGpu() {
    return ComputeDevice.hasGpu();
  }

  /**
   * The memory plan, of which nothing is allocated.
   *
   * @param onHost whether the device is the host's processor; there need not be a GPU here for a
   *     plan with one
   * @throws dev.strata.udfs.api.StrataException if the budget is too small
   */
  public static PlanPreview plan(Checkpoint checkpoint, EngineOptions options, boolean onHost) {
    MemoryPlan plan =
        MemoryPlan.of(
            CheckpointSize.of(checkpoint),
            options,
            computeBytes(options.computeType(), onHost),
            onHost);
    long bytes = plan.parts().values().stream().mapToLong(Long::longValue).sum();
    return new PlanPreview(
        plan.waveRows(),
        plan.logitRows(),
        plan.sweepTokens(),
        plan.kvTokens(),
        checkpoint.spec().contextLength(),
        plan.tileBytes(),
        checkpoint.weightBytes(),
        onHost ? 0 : options.deviceMemory() - plan.budget() + bytes,
        onHost ? bytes : plan.slots() * plan.tileBytes(),
        plan.describe().lines().toList());
  }

  /** GPUs without bfloat16 compute in float16, which is as wide. */
  private static int computeBytes(String type, boolean onHost) {
    return switch (type) {
      case "float32" -> Float.BYTES;
      case "auto" -> onHost ? Float.BYTES : Short.BYTES;
      default -> Short.BYTES;
    };
  }
}
