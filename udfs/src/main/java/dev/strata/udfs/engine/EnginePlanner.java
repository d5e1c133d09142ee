package dev.strata.udfs.engine;

import dev.strata.udfs.api.EngineOptions;
import dev.strata.udfs.api.StrataException;
import dev.strata.udfs.store.Checkpoint;
import dev.strata.udfs.tensor.ComputeDevice;
import java.util.Optional;

/** Plans an engine's memory, of a whole budget or of what others leave of it. */
final class EnginePlanner {

  private final ModelSize size;
  private final DeviceTraits traits;
  private final String device;

  EnginePlanner(Checkpoint checkpoint, ComputeDevice device) {
    this.size = CheckpointSize.of(checkpoint);
    this.traits = DeviceTraits.of(device, checkpoint.spec());
    this.device = device.isHost() ? "" : device.name();
  }

  /**
   * The plan of an engine that may hold so much.
   *
   * @throws StrataException if that is too little, with the smallest that works
   */
  MemoryPlan plan(EngineOptions options, MemoryShare room) {
    return MemoryPlan.of(size, options.withMemory(room.deviceBytes(), room.hostBytes()), traits);
  }

  /**
   * What an engine with these options asks of its executor's memory.
   *
   * @throws StrataException if the whole budget is too little
   */
  MemoryDemand demand(EngineOptions options) {
    MemoryShare budget = new MemoryShare(options.hostMemory(), options.deviceMemory());
    plan(options, budget);
    return new MemoryDemand(
        "the engine of " + options.model(), device, budget, room -> share(options, room));
  }

  private Optional<MemoryShare> share(EngineOptions options, MemoryShare room) {
    if (room.hostBytes() <= 0 || room.deviceBytes() < 0) {
      return Optional.empty();
    }
    try {
      return Optional.of(share(plan(options, room)));
    } catch (StrataException e) { // the only one that is left: less than it needs
      return Optional.empty();
    }
  }

  private static MemoryShare share(MemoryPlan plan) {
    long device = plan.isStaged() ? plan.deviceBytes() - plan.contextBytes() : 0;
    return new MemoryShare(plan.hostBytes(), device);
  }
}
