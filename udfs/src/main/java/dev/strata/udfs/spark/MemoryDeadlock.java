package dev.strata.udfs.spark;

import dev.strata.udfs.api.StrataException;
import dev.strata.udfs.engine.MemoryDemand;
import dev.strata.udfs.engine.MemoryLedger;
import dev.strata.udfs.engine.MemoryLedger.Reservation;
import java.util.Collection;
import java.util.HashSet;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Starts that wait for memory which does not come back: tasks that wait for them, or for each
 * other, use the engines that have it.
 */
final class MemoryDeadlock {

  private final MemoryLedger ledger;
  private final Collection<? extends EngineSlot<?>> slots;
  private final Set<EngineSlot<?>> waiting;
  private Set<Reservation> stuck;

  private MemoryDeadlock(MemoryLedger ledger, Collection<? extends EngineSlot<?>> slots) {
    this.ledger = ledger;
    this.slots = slots;
    this.waiting = new HashSet<>(slots.stream().filter(EngineSlot::awaitsMemory).toList());
    this.stuck = heldByWaiting();
  }

  /**
   * Refuses the tasks that wait for this start and themselves use an engine, if one of them has to
   * end before the start can go on. The others wait until it has.
   */
  static void refuse(
      EngineSlot<?> slot, MemoryLedger ledger, Collection<? extends EngineSlot<?>> slots) {
    MemoryDeadlock deadlock = new MemoryDeadlock(ledger, slots);
    deadlock.reduce();
    if (deadlock.waiting.contains(slot)) {
      deadlock.refuse(slot);
    }
  }

  /** Leaves the starts that cannot go on even when all others have, and their tasks have ended. */
  private void reduce() {
    while (waiting.removeIf(slot -> ledger.fitsBeside(slot.awaited(), stuck::contains))) {
      stuck = heldByWaiting();
    }
  }

  private Set<Reservation> heldByWaiting() {
    return slots.stream()
        .filter(slot -> slot.engine() != null && slot.leases().stream().anyMatch(this::waits))
        .map(EngineSlot::reservation)
        .filter(Objects::nonNull)
        .collect(Collectors.toSet());
  }

  private boolean waits(EngineLease<?> lease) {
    return waiting.stream().anyMatch(slot -> slot.isLeasedBy(lease.task()));
  }

  private void refuse(EngineSlot<?> slot) {
    StrataException refusal = refusal(slot.awaited());
    for (EngineLease<?> lease : slot.leases()) {
      boolean holdsAnother =
          slots.stream().anyMatch(s -> s.engine() != null && s.isLeasedBy(lease.task()));
      if (holdsAnother) {
        lease.refuse(refusal);
      }
    }
  }

  private StrataException refusal(MemoryDemand demand) {
    return StrataException.resources(
        "%s needs at least %s, but of the executor's %s too much is held by engines whose tasks wait"
            + " for this one: %s; use the models in queries of their own, one after the other, or"
            + " give each room: raise %s, or lower spark.strata.weights.memory and"
            + " spark.strata.wave.size",
        demand.owner(),
        demand.describeLeast(),
        demand.describeBudget(),
        ledger.describe(stuck::contains),
        demand.budgetKeys());
  }
}
