package dev.strata.udfs.tools.benchmark;

import dev.strata.udfs.engine.LaneKind;
import dev.strata.udfs.engine.Span;
import dev.strata.udfs.engine.SweepFigures;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * A sweep as it was seen.
 *
 * @param figures what the engine says of it
 * @param storageBytes bytes that the process fetched from storage meanwhile, past the page cache or
 *     into it; -1 where the system does not tell
 */
record Sweep(SweepFigures figures, long storageBytes) {

  /** Whether prompts went through; if not, every row of the wave got a token. */
  boolean isPrefill() {
    return figures.promptTokens() > 0;
  }

  /**
   * Tokens that it is measured by: those of prompts, or those chosen. A sweep of prompts may choose
   * tokens of other rows as well, which then count as nothing.
   */
  int tokens() {
    return isPrefill() ? figures.promptTokens() : figures.newTokens();
  }

  double seconds() {
    return figures.nanos() / 1e9;
  }

  double operations(ModelWork model) {
    return model.operations(tokens(), figures.newTokens());
  }

  /**
   * When a traced sweep ended, as {@link System#nanoTime} has it: its last kernel is the last that
   * a sweep waits for.
   */
  long end() {
    return figures.spans().stream()
        .filter(span -> span.lane() == LaneKind.COMPUTE)
        .mapToLong(Span::endNanos)
        .max()
        .orElseGet(() -> figures.spans().stream().mapToLong(Span::endNanos).max().orElseThrow());
  }

  long start() {
    return end() - figures.nanos();
  }

  /** How long a lane worked in a traced sweep. */
  LaneTimes times(LaneKind lane) {
    return LaneTimes.of(lane, figures.spans(), start(), end());
  }

  /** Milliseconds that each kind of work of a lane took in a traced sweep. */
  Map<String, Double> work(LaneKind lane) {
    return figures.spans().stream()
        .filter(span -> span.lane() == lane)
        .collect(
            Collectors.groupingBy(
                Span::label, Collectors.summingDouble(s -> (s.endNanos() - s.startNanos()) / 1e6)));
  }

  boolean isTraced() {
    return !figures.spans().isEmpty();
  }
}
