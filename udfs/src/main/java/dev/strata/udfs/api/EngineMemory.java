package dev.strata.udfs.api;

import java.io.Serializable;

/**
 * The most memory that an engine held at once, by its own account, and what it was given.
 *
 * @param hostBytes outside the heap
 * @param deviceBytes of a GPU, page tables of pinned memory included; 0 where there is none
 * @param deviceBudget for these, for its context and for libraries
 */
public record EngineMemory(long hostBytes, long hostBudget, long deviceBytes, long deviceBudget)
    implements Serializable {

  /** Nothing is known. */
  public static final EngineMemory NONE = new EngineMemory(0, 0, 0, 0);

  /** Both together. */
  public EngineMemory plus(EngineMemory other) {
    return new EngineMemory(
        hostBytes + other.hostBytes,
        hostBudget + other.hostBudget,
        deviceBytes + other.deviceBytes,
        deviceBudget + other.deviceBudget);
  }
}
