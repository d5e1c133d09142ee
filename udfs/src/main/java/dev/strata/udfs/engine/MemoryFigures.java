package dev.strata.udfs.engine;

/**
 * The most memory that an engine held at once, by its own account, and what it was given.
 *
 * @param deviceBytes on the device; 0 where that is the host
 * @param hostBytes outside the heap
 */
public record MemoryFigures(long deviceBytes, long deviceBudget, long hostBytes, long hostBudget) {}
