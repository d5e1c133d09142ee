package dev.strata.udfs.engine;

/** Gives an engine that starts its memory. */
@FunctionalInterface
public interface MemoryBroker {

  /**
   * Reserves memory for an engine, which may take until others give theirs back.
   *
   * @throws InterruptedException if the engine is not wanted any more
   */
  MemoryLedger.Reservation reserve(MemoryDemand demand) throws InterruptedException;
}
