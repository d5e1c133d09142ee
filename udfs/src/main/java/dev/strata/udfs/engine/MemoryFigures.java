package dev.strata.udfs.engine;

import dev.strata.udfs.api.EngineMemory;

/**
 * The most memory that an engine held at once, by its own account, and what it was given.
 *
 * @param deviceBytes of tensors on the device; 0 where that is the host
 * @param pageTableBytes that a GPU needs to find the host memory that is pinned
 * @param deviceBudget for these, for its context and for libraries
 * @param hostBytes outside the heap
 */
public record MemoryFigures(
    long deviceBytes, long pageTableBytes, long deviceBudget, long hostBytes, long hostBudget) {

  /** The same for whoever is told of the engine. */
  EngineMemory ofEngine() {
    return new EngineMemory(hostBytes, hostBudget, deviceBytes + pageTableBytes, deviceBudget);
  }
}
