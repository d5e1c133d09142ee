package dev.strata.udfs.engine;

import dev.strata.udfs.api.EngineOptions;
import dev.strata.udfs.api.PlanPreview;
import dev.strata.udfs.model.DecoderSpec;
import dev.strata.udfs.store.Checkpoint;
import dev.strata.udfs.tensor.ComputeDevice;
import dev.strata.udfs.tensor.CudaNatives;
import dev.strata.udfs.tensor.NumberType;
import dev.strata.udfs.tensor.ProcessorFeatures;
import java.util.Optional;

/** What an engine would do, without starting one. */
public final class EnginePreview {

  private EnginePreview() {}

  /** Whether an engine of this JVM that may choose would take a GPU. */
  public static boolean hasGpu() {
    return ComputeDevice.hasGpu();
  }

  /**
   * Why the natives that this JVM would load have no kernels for a GPU; empty where they have.
   *
   * @param capability its CUDA compute capability, such as 8.6
   */
  public static Optional<String> gpuRefusal(double capability) {
    return CudaNatives.of(System.getenv("PYTORCH_FLAVOR"))
        .refusal((int) Math.round(10 * capability));
  }

  /** Whether this machine's processor has units for bfloat16. */
  public static boolean hasBfloat16Units() {
    return ProcessorFeatures.multipliesBfloat16();
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
            CheckpointSize.of(checkpoint), options, traits(checkpoint.spec(), options, onHost));
    return new PlanPreview(
        plan.waveRows(),
        plan.logitRows(),
        plan.sweepTokens(),
        plan.kv().tokens(),
        checkpoint.spec().contextLength(),
        plan.tileBytes(),
        checkpoint.weightBytes(),
        Math.min(checkpoint.weightBytes(), plan.weightsBytes()),
        plan.deviceBytes(),
        plan.hostBytes(),
        plan.describe().lines().toList());
  }

  private static int threads(EngineOptions options) {
    return options.threads() > 0 ? options.threads() : Runtime.getRuntime().availableProcessors();
  }

  /** A GPU is taken for one of today: with bfloat16 and fused attention. */
  private static DeviceTraits traits(DecoderSpec spec, EngineOptions options, boolean onHost) {
    NumberType type =
        switch (options.computeType()) {
          case "float32" -> NumberType.FLOAT32;
          case "float16" -> NumberType.FLOAT16;
          case "bfloat16" -> NumberType.BFLOAT16;
          default -> onHost ? NumberType.FLOAT32 : NumberType.BFLOAT16;
        };
    return new DeviceTraits(
        type,
        onHost && spec.normsExactly() ? NumberType.FLOAT32 : type,
        onHost,
        !onHost,
        !onHost && spec.scoresPlainly() && ComputeDevice.hasFusedAttention(type, spec.widestHead()),
        onHost ? threads(options) : 1);
  }
}
