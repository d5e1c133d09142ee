package dev.strata.udfs.spark;

import dev.strata.udfs.engine.Engine;
import java.util.LinkedHashSet;
import java.util.Set;

/** Adds up what engines do: those that are open by their own account, those that were by a sum. */
final class EngineTally {

  private final Set<Engine> open = new LinkedHashSet<>();
  private EngineTotals closed = EngineTotals.NONE;

  synchronized void opened(Engine engine) {
    open.add(engine);
  }

  /** An engine does no more; to be called once it does not, or is just about to be told. */
  synchronized void closed(Engine engine) {
    if (open.remove(engine)) {
      closed = closed.plus(EngineTotals.of(engine.snapshot()).withoutMemory());
    }
  }

  /** What all did so far. */
  synchronized EngineTotals totals() {
    return open.stream()
        .map(engine -> EngineTotals.of(engine.snapshot()))
        .reduce(closed, EngineTotals::plus);
  }
}
