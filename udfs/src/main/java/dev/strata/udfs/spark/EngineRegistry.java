package dev.strata.udfs.spark;

import dev.strata.udfs.api.EngineOptions;
import dev.strata.udfs.concurrent.Activity;
import dev.strata.udfs.engine.MemoryBroker;
import dev.strata.udfs.engine.MemoryDemand;
import dev.strata.udfs.engine.MemoryLedger;
import dev.strata.udfs.engine.MemoryLedger.Reservation;
import dev.strata.udfs.engine.StallException;
import dev.strata.udfs.engine.StallWatch;
import dev.strata.udfs.engine.ThreadStacks;
import java.time.Duration;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Engines that tasks share: one for all tasks whose options have the same identity, so that they
 * share waves. The first task has it started, on a thread of its own, and all wait for that one
 * start; a start that fails is forgotten as soon as all are told. An idle engine is kept for the
 * next task, until its time is over or another engine needs its memory.
 *
 * <p>All engines draw on one ledger. One that finds less left than it would take closes those that
 * are idle, the longest idle first, then makes do with what is left if it can, and else waits.
 */
final class EngineRegistry<E extends SharedEngine> implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(EngineRegistry.class);

  /** What is longer is for ever. */
  private static final Duration LONGEST_TIMEOUT = Duration.ofDays(36_500);

  /** Starts an engine; an interrupt says that nobody wants it any more. */
  @FunctionalInterface
  interface Starter<E> {
    E start(EngineRequest request, MemoryBroker memory) throws InterruptedException;
  }

  private final Starter<E> starter;
  private final MemoryLedger ledger;
  private final ScheduledExecutorService timer;
  private final LongSupplier nanoTime;

  private final ReentrantLock lock = new ReentrantLock();
  // A start that waits for memory looks again: some came back, or others hold or wait for some.
  private final Condition changed = lock.newCondition();
  private final Map<EngineOptions, EngineSlot<E>> slots = new HashMap<>();
  private long changes;
  private boolean closed;

  /**
   * @param timer closes engines whose time is over
   * @param nanoTime a clock, as {@link System#nanoTime}
   */
  EngineRegistry(
      Starter<E> starter,
      MemoryLedger ledger,
      ScheduledExecutorService timer,
      LongSupplier nanoTime) {
    this.starter = starter;
    this.ledger = ledger;
    this.timer = timer;
    this.nanoTime = nanoTime;
    ledger.listen(this::lookAgain);
  }

  /**
   * The engine that a task asks for, started if there is none.
   *
   * @throws dev.strata.udfs.api.StrataException if it cannot be started; if there is too little
   *     memory for it beside another engine that the same task uses
   * @throws InterruptedException if the calling thread is interrupted while it waits
   */
  EngineLease<E> acquire(EngineRequest request) throws InterruptedException {
    EngineLease<E> lease = lease(request);
    try {
      lease.await();
      return lease;
    } catch (Throwable e) {
      lease.close();
      throw e;
    }
  }

  private EngineLease<E> lease(EngineRequest request) {
    lock.lock();
    try {
      if (closed) {
        throw new IllegalStateException("the engines of this process are closed");
      }
      EngineSlot<E> slot = slot(request);
      EngineLease<E> lease = new EngineLease<>(this, slot, request);
      slot.leases().add(lease);
      lookAgain();
      return lease;
    } finally {
      lock.unlock();
    }
  }

  private EngineSlot<E> slot(EngineRequest request) {
    EngineOptions key = request.options().identity();
    EngineSlot<E> slot = slots.get(key);
    if (slot == null || slot.isFailed()) {
      return start(key, request, slot);
    }
    if (slot.engine() != null) {
      slot.engine().expect(request.options().expectedRows());
    }
    return slot;
  }

  /**
   * @param failed what was there before; null for nothing
   */
  private EngineSlot<E> start(EngineOptions key, EngineRequest request, EngineSlot<E> failed) {
    EngineSlot<E> slot = new EngineSlot<>(key);
    boolean isUnused = failed != null && failed.isIdle(); // else the last of its users closes it
    Thread thread =
        new Thread(
            () -> {
              if (isUnused) {
                close(failed);
              }
              start(slot, request);
            },
            "strata-engine-start");
    thread.setDaemon(true);
    slots.put(key, slot);
    slot.startOn(thread);
    return slot;
  }

  private void start(EngineSlot<E> slot, EngineRequest request) {
    StallWatch watch =
        new StallWatch(
            request.stallTimeout(), request.activity(), () -> 0, () -> stalled(slot, request));
    try (watch) {
      startWatched(slot, request);
    }
  }

  /** Whoever waits for a start that does not come back is told; should it do so, it is closed. */
  private void stalled(EngineSlot<E> slot, EngineRequest request) {
    boolean ofStorage = request.activity().what() instanceof StartStep step && step.isOfStorage();
    StallException failure =
        new StallException(
            "the start of the engine of " + request.options().model(),
            request.stallTimeout(),
            ofStorage);
    LOG.error(
        "{}{}it {}{}{}",
        failure.getMessage(),
        System.lineSeparator(),
        request.activity(),
        System.lineSeparator(),
        ThreadStacks.describe());
    lock.lock();
    try {
      slots.remove(slot.key(), slot);
      slot.stuck();
    } finally {
      lock.unlock();
    }
    slot.started().completeExceptionally(failure);
  }

  private void startWatched(EngineSlot<E> slot, EngineRequest request) {
    E engine;
    try {
      engine = starter.start(request, demand -> reserve(slot, demand, request.activity()));
    } catch (Throwable e) { // whatever it is, those who wait are told
      forget(slot);
      slot.started().completeExceptionally(e);
      return;
    }
    if (keep(slot, engine)) {
      slot.started().complete(engine);
    } else {
      close(slot);
    }
  }

  private void forget(EngineSlot<E> slot) {
    lock.lock();
    try {
      slots.remove(slot.key(), slot);
    } finally {
      lock.unlock();
    }
  }

  /** Whether an engine that has started is of use. */
  private boolean keep(EngineSlot<E> slot, E engine) {
    lock.lock();
    try {
      slot.run(engine);
      if (slot.isCancelled() && !closed && slots.putIfAbsent(slot.key(), slot) == null) {
        idle(slot); // it could not be stopped in time: it waits for the next task
        return true;
      }
      return slots.get(slot.key()) == slot;
    } finally {
      lock.unlock();
    }
  }

  /** Ends a task's hold, once. */
  void release(EngineLease<E> lease) {
    EngineSlot<E> slot = lease.slot();
    boolean isOver;
    lock.lock();
    try {
      boolean wasLast = slot.leases().remove(lease) && slot.leases().isEmpty();
      slot.idleTimeout(lease.idleTimeout());
      isOver = wasLast && endsUnused(slot);
      lookAgain();
    } finally {
      lock.unlock();
    }
    if (isOver) {
      close(slot);
    }
  }

  /** Decides what becomes of an engine that nobody uses: whether it is to be closed. */
  private boolean endsUnused(EngineSlot<E> slot) {
    if (slot.engine() == null) {
      slots.remove(slot.key(), slot);
      slot.cancel();
      return false;
    }
    boolean isKept = slots.get(slot.key()) == slot && !slot.isFailed();
    if (isKept) {
      idle(slot);
    } else {
      slots.remove(slot.key(), slot);
    }
    return !isKept;
  }

  private void idle(EngineSlot<E> slot) {
    slot.idleSince(nanoTime.getAsLong());
    if (slot.idleTimeout().compareTo(LONGEST_TIMEOUT) < 0) {
      slot.expireBy(
          timer.schedule(this::closeExpired, slot.idleTimeout().toNanos(), TimeUnit.NANOSECONDS));
    }
  }

  /** Closes the engines whose time is over. */
  void closeExpired() {
    List<EngineSlot<E>> expired;
    lock.lock();
    try {
      long now = nanoTime.getAsLong();
      expired = slots.values().stream().filter(slot -> slot.isExpired(now)).toList();
      expired.forEach(this::take);
    } finally {
      lock.unlock();
    }
    expired.forEach(this::close);
  }

  /** Takes an idle engine away, to be closed. */
  private void take(EngineSlot<E> slot) {
    slots.remove(slot.key());
    slot.ending();
  }

  private void close(EngineSlot<E> slot) {
    try {
      slot.engine().close();
    } catch (RuntimeException e) {
      LOG.error("an engine of {} was not closed in full", slot.key().model(), e);
    }
  }

  private Reservation reserve(EngineSlot<E> slot, MemoryDemand demand, Activity activity)
      throws InterruptedException {
    boolean waits = false;
    while (true) {
      Optional<EngineSlot<E>> idle;
      lock.lockInterruptibly();
      try {
        Optional<Reservation> all = ledger.reserve(demand);
        idle = all.isPresent() ? Optional.empty() : takeLongestIdle();
        if (idle.isEmpty()) {
          Optional<Reservation> some = all.or(() -> ledger.reserveLeft(demand));
          if (some.isPresent()) {
            slot.hold(some.get());
            return some.get();
          }
          if (!waits) {
            LOG.info("{} waits for memory: {}", demand.owner(), ledger.describe(each -> true));
          }
          waits = true;
          activity.rests();
          awaitChange(slot, demand);
          activity.begins(StartStep.DEVICE);
        }
      } finally {
        lock.unlock();
      }
      idle.ifPresent(this::close);
    }
  }

  private Optional<EngineSlot<E>> takeLongestIdle() {
    Optional<EngineSlot<E>> longest =
        slots.values().stream()
            .filter(EngineSlot::isIdle)
            .min(Comparator.comparingLong(EngineSlot::idleSince));
    longest.ifPresent(this::take);
    return longest;
  }

  private void awaitChange(EngineSlot<E> slot, MemoryDemand demand) throws InterruptedException {
    slot.await(demand);
    try {
      MemoryDeadlock.refuse(slot, ledger, slots.values());
      long seen = changes;
      while (changes == seen) {
        changed.await();
      }
    } finally {
      slot.await(null);
    }
  }

  /** Engines that wait for a next task. */
  int idleEngines() {
    lock.lock();
    try {
      return (int) slots.values().stream().filter(EngineSlot::isIdle).count();
    } finally {
      lock.unlock();
    }
  }

  private void lookAgain() {
    lock.lock();
    try {
      changes++;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /**
   * Ends all engines, also those in use, and all starts. Text of engines in use stays usable until
   * their tasks end.
   */
  @Override
  public void close() {
    List<EngineSlot<E>> all;
    lock.lock();
    try {
      closed = true;
      all = List.copyOf(slots.values());
      all.stream().filter(slot -> slot.engine() == null).forEach(EngineSlot::cancel);
      slots.clear();
    } finally {
      lock.unlock();
    }
    timer.shutdownNow();
    all.stream().filter(slot -> slot.engine() != null).parallel().forEach(this::end);
  }

  private void end(EngineSlot<E> slot) {
    if (slot.isIdle()) {
      close(slot);
    } else {
      slot.engine().stop();
    }
  }
}
