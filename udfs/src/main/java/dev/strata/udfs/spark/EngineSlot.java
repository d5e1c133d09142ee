package dev.strata.udfs.spark;

import dev.strata.udfs.api.EngineOptions;
import dev.strata.udfs.engine.MemoryDemand;
import dev.strata.udfs.engine.MemoryLedger.Reservation;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;

/**
 * An engine of a registry, or one that is being started, and who uses it or waits for it. All but
 * the future is guarded by the registry's lock.
 */
final class EngineSlot<E extends SharedEngine> {

  private final EngineOptions key;
  private final CompletableFuture<E> started = new CompletableFuture<>();
  private final List<EngineLease<E>> leases = new ArrayList<>();
  private Thread starter;
  private boolean cancelled;
  private MemoryDemand awaited;
  private Reservation reservation;
  private E engine;
  private long idleSince;
  private Duration idleTimeout = Duration.ZERO;
  private Future<?> expiry = CompletableFuture.completedFuture(null);

  EngineSlot(EngineOptions key) {
    this.key = key;
  }

  EngineOptions key() {
    return key;
  }

  /** Ends when the engine has started, or not. */
  CompletableFuture<E> started() {
    return started;
  }

  void startOn(Thread thread) {
    starter = thread;
    thread.start();
  }

  /** Ends the start as far as it can be ended. */
  void cancel() {
    cancelled = true;
    starter.interrupt();
  }

  boolean isCancelled() {
    return cancelled;
  }

  void await(MemoryDemand demand) {
    awaited = demand;
  }

  boolean awaitsMemory() {
    return awaited != null;
  }

  /** What the start waits for; null if it does not. */
  MemoryDemand awaited() {
    return awaited;
  }

  void hold(Reservation memory) {
    reservation = memory;
  }

  /** The engine's memory; null before it has some. */
  Reservation reservation() {
    return reservation;
  }

  void run(E startedEngine) {
    engine = startedEngine;
  }

  /** The engine; null while it starts. */
  E engine() {
    return engine;
  }

  boolean isFailed() {
    return engine != null && engine.isFailed();
  }

  List<EngineLease<E>> leases() {
    return leases;
  }

  /** Whether a task uses the engine or waits for it. */
  boolean isLeasedBy(long task) {
    return leases.stream().anyMatch(lease -> lease.task() == task && !lease.isRefused());
  }

  /** Says how long the engine is kept from when nobody uses it. */
  void idleTimeout(Duration timeout) {
    idleTimeout = timeout;
  }

  Duration idleTimeout() {
    return idleTimeout;
  }

  /** Has the last look at its age replaced by another. */
  void expireBy(Future<?> look) {
    expiry.cancel(false);
    expiry = look;
  }

  void idleSince(long nanoTime) {
    idleSince = nanoTime;
  }

  boolean isIdle() {
    return engine != null && leases.isEmpty();
  }

  long idleSince() {
    return idleSince;
  }

  /** Whether nobody has use for it any more. */
  boolean isExpired(long nanoTime) {
    boolean waitedEnough = Duration.ofNanos(nanoTime - idleSince).compareTo(idleTimeout) >= 0;
    return isIdle() && (isFailed() || waitedEnough);
  }

  /** Says that the memory is held by a call that does not come back. */
  void stuck() {
    if (reservation != null) {
      reservation.stuck();
    }
  }

  /** Says that the memory is going to be given back. */
  void ending() {
    if (reservation != null) {
      reservation.ending();
    }
  }
}
