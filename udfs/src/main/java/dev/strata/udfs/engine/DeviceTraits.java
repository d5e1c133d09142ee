package dev.strata.udfs.engine;

import dev.strata.udfs.model.DecoderSpec;
import dev.strata.udfs.tensor.ComputeDevice;
import dev.strata.udfs.tensor.NumberType;

/**
 * What the memory plan has to know of a device.
 *
 * @param computeType the type of the mathematics
 * @param activationType that of what goes from step to step within a stage
 * @param onHost whether the device is the host, so that the host budget holds everything
 * @param pinned whether host memory is pinned, and comes in powers of two
 * @param fusedAttention whether attention needs no memory for scores
 * @param attentionThreads otherwise, how many threads need some
 */
record DeviceTraits(
    NumberType computeType,
    NumberType activationType,
    boolean onHost,
    boolean pinned,
    boolean fusedAttention,
    int attentionThreads) {

  /** What goes from step to step is of the compute type. */
  DeviceTraits(
      NumberType computeType,
      boolean onHost,
      boolean pinned,
      boolean fusedAttention,
      int attentionThreads) {
    this(computeType, computeType, onHost, pinned, fusedAttention, attentionThreads);
  }

  static DeviceTraits of(ComputeDevice device, DecoderSpec spec) {
    return new DeviceTraits(
        device.computeType(),
        device.activationType(spec.normsExactly()),
        device.isHost(),
        device.pinsMemory(),
        spec.scoresPlainly() && device.hasFusedAttention(spec.widestHead()),
        device.kernelThreads());
  }

  /** The type of hidden states between stages. */
  NumberType residualType() {
    return ComputeDevice.residualType(computeType, onCpu());
  }

  /** Whether the host's processor does the mathematics: memory is pinned for GPUs. */
  boolean onCpu() {
    return !pinned;
  }
}
