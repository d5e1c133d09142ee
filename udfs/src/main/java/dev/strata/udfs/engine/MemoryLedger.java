package dev.strata.udfs.engine;

import dev.strata.udfs.api.StrataException;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/**
 * The memory that the engines of a JVM hold, of the host and of each device. All together never
 * hold more than any of them says that the executor may. A device's context, which the process has
 * once, is in each engine's plan and counts once: shares do not include it.
 */
public final class MemoryLedger {

  private final Set<Reservation> open = new LinkedHashSet<>();
  private final List<Runnable> listeners = new CopyOnWriteArrayList<>();

  /** An engine's part of the memory, until it is closed. */
  public final class Reservation implements AutoCloseable {

    private final MemoryDemand demand;
    private MemoryShare room;
    private MemoryShare share;
    private boolean ending;
    private boolean stuck;

    private Reservation(MemoryDemand demand, MemoryShare room, MemoryShare share) {
      this.demand = demand;
      this.room = room;
      this.share = share;
    }

    /** The engine's name. */
    public String owner() {
      return demand.owner();
    }

    /** What the engine's plan is made for, of a device with its context. */
    MemoryShare room() {
      synchronized (MemoryLedger.this) {
        return room;
      }
    }

    /** What the engine may hold, a device's context not included. */
    public MemoryShare share() {
      synchronized (MemoryLedger.this) {
        return share;
      }
    }

    /** What a plan for this demand would be made for if it took this one's place. */
    MemoryShare roomFor(MemoryDemand other) {
      synchronized (MemoryLedger.this) {
        return planned(other).room;
      }
    }

    /**
     * Makes it a reservation for another demand of the same engine, which holds nothing meanwhile.
     */
    void become(MemoryDemand other) {
      synchronized (MemoryLedger.this) {
        Reservation planned = planned(other);
        room = planned.room;
        share = planned.share;
      }
      tell();
    }

    private Reservation planned(MemoryDemand other) {
      MemoryShare left = left(other, reservation -> reservation != this);
      return whole(other, left)
          .or(() -> part(other, left))
          .orElseThrow(() -> new IllegalStateException(owner() + " has less than it needs"));
    }

    /** Says that it is going to be closed: nobody need make do with less meanwhile. */
    public void ending() {
      synchronized (MemoryLedger.this) {
        ending = true;
      }
    }

    /** Says that nobody can give it back: a call that uses it does not end. */
    public void stuck() {
      synchronized (MemoryLedger.this) {
        stuck = true;
      }
      tell();
    }

    /** Gives the memory back. */
    @Override
    public void close() {
      synchronized (MemoryLedger.this) {
        open.remove(this);
        share = MemoryShare.NONE;
      }
      tell();
    }
  }

  /** Has {@code listener} told, on any thread, whenever memory was given back. */
  public void listen(Runnable listener) {
    listeners.add(listener);
  }

  private void tell() {
    listeners.forEach(Runnable::run);
  }

  /** Reserves all that an engine takes where it is alone, if that is left. */
  public synchronized Optional<Reservation> reserve(MemoryDemand demand) {
    return opened(whole(demand, left(demand, reservation -> true)));
  }

  /**
   * Reserves what an engine takes of what is left, if it can do with that. Empty also while some
   * reservation is ending, as there will be more.
   *
   * @throws StrataException if what it needs is held by one that nobody can give back
   */
  public synchronized Optional<Reservation> reserveLeft(MemoryDemand demand) {
    if (open.stream().anyMatch(reservation -> reservation.ending && !reservation.stuck)) {
      return Optional.empty();
    }
    Optional<Reservation> some = opened(part(demand, left(demand, reservation -> true)));
    if (some.isEmpty() && !fitsBeside(demand, reservation -> reservation.stuck)) {
      throw StrataException.resources(
          "%s needs at least %s, but too much is held by engines that stand still: %s; end this"
              + " process and start again",
          demand.owner(), demand.describeLeast(), describe(reservation -> reservation.stuck));
    }
    return some;
  }

  /** Whether an engine could start if those reservations alone remained that match. */
  public synchronized boolean fitsBeside(MemoryDemand demand, Predicate<Reservation> remains) {
    return demand.within(left(demand, remains)).isPresent();
  }

  private Optional<Reservation> whole(MemoryDemand demand, MemoryShare left) {
    return demand
        .within(demand.budget())
        .filter(share -> share.fitsIn(left))
        .map(share -> new Reservation(demand, demand.budget(), share));
  }

  private Optional<Reservation> part(MemoryDemand demand, MemoryShare left) {
    MemoryShare room = left.least(demand.budget());
    return demand.within(room).map(share -> new Reservation(demand, room, share));
  }

  private Optional<Reservation> opened(Optional<Reservation> reservation) {
    reservation.ifPresent(open::add);
    return reservation;
  }

  /** What the strictest of the budgets leaves beside the reservations that match. */
  private MemoryShare left(MemoryDemand demand, Predicate<Reservation> counts) {
    MemoryShare budget = demand.budget();
    MemoryShare taken = MemoryShare.NONE;
    for (Reservation other : open) {
      if (counts.test(other)) {
        boolean sameDevice = other.demand.sharesDevice(demand);
        MemoryShare otherBudget = other.demand.budget();
        budget =
            budget.least(
                sameDevice
                    ? otherBudget
                    : new MemoryShare(otherBudget.hostBytes(), budget.deviceBytes()));
        taken = taken.plus(sameDevice ? other.share : new MemoryShare(other.share.hostBytes(), 0));
      }
    }
    return budget.minus(taken);
  }

  /** What all engines hold of the host and of a device, its context not included. */
  public synchronized MemoryShare held(String device) {
    return open.stream()
        .map(
            reservation ->
                reservation.demand.device().equals(device)
                    ? reservation.share
                    : new MemoryShare(reservation.share.hostBytes(), 0))
        .reduce(MemoryShare.NONE, MemoryShare::plus);
  }

  /** Who holds how much, for a message. */
  public synchronized String describe(Predicate<Reservation> counts) {
    return open.stream()
        .filter(counts)
        .map(MemoryLedger::describe)
        .collect(Collectors.joining(", "));
  }

  private static String describe(Reservation reservation) {
    String host = "%s %d MiB".formatted(reservation.owner(), reservation.share.hostBytes() >> 20);
    return reservation.demand.device().isEmpty()
        ? host
        : "%s and %d MiB of %s"
            .formatted(host, reservation.share.deviceBytes() >> 20, reservation.demand.device());
  }
}
