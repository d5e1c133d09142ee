package dev.strata.udfs.engine;

/**
 * One piece of work of a lane.
 *
 * @param startNanos as {@link System#nanoTime} has it; {@code endNanos} alike
 */
public record Span(LaneKind lane, String label, long startNanos, long endNanos) {}
