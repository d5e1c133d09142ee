package dev.strata.udfs.engine;

import dev.strata.udfs.api.EngineOptions;
import dev.strata.udfs.api.ExpectedRows;
import dev.strata.udfs.api.MachineMemory;
import dev.strata.udfs.api.NativeEnvironment;
import dev.strata.udfs.store.Checkpoint;
import dev.strata.udfs.tensor.ComputeDevice;
import dev.strata.udfs.tensor.DeviceMemoryPeak;
import dev.strata.udfs.tensor.DeviceMemoryWatch;
import dev.strata.udfs.tensor.Holdings;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What an engine works with: its model, its device and the memory that it holds of both. Once it is
 * open, the thread that runs the sweeps alone changes and closes it; any may read.
 */
final class EngineParts implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(EngineParts.class);

  private final Checkpoint checkpoint;
  private final EngineListener listener;
  private final SweepObserver observer;
  private Optional<DeviceMemoryWatch> deviceMemory = Optional.empty();
  private ComputeDevice device;
  private Counters counters;
  private EnginePlanner planner;
  private MemoryLedger.Reservation reservation;
  private EngineOptions options;
  private volatile Sweeper sweeper;
  private Wave wave;

  /**
   * Opens the device and takes the memory.
   *
   * @param checkpoint open already; closed with the parts, or if they cannot be opened
   * @throws InterruptedException as the broker does
   */
  EngineParts(
      Checkpoint checkpoint,
      EngineOptions options,
      DeviceSource devices,
      EngineListener listener,
      SweepObserver observer,
      MemoryBroker memory)
      throws InterruptedException {
    this.checkpoint = checkpoint;
    this.options = options;
    this.listener = listener;
    this.observer = observer;
    try {
      this.deviceMemory = DeviceMemoryWatch.seldom(options.device());
      this.device = devices.open(options);
      this.counters =
          new Counters(options.modelName(), checkpoint.spec().layers().size(), deviceMemoryPeak());
      warnOfSlowPinning();
      this.planner = new EnginePlanner(checkpoint, device);
      this.reservation = memory.reserve(planner.demand(options));
      MemoryPlan plan = planner.plan(options, reservation.room());
      requireRoom(plan);
      build(plan);
    } catch (Throwable e) {
      Holdings.closeAfter(e, this);
      throw e;
    }
  }

  /** What is seen of the device's memory, if it is a GPU's. */
  private DeviceMemoryPeak deviceMemoryPeak() {
    if (device.isHost()) {
      deviceMemory.ifPresent(DeviceMemoryWatch::close);
      deviceMemory = Optional.empty();
    }
    return deviceMemory.map(DeviceMemoryWatch::peak).orElseGet(DeviceMemoryPeak::unknown);
  }

  /** Where somebody else than Strata started this JVM. */
  private void warnOfSlowPinning() {
    if (device.pinsMemory()) {
      NativeEnvironment.slowPinning(System.getenv()).ifPresent(LOG::warn);
    }
  }

  /** Before anything is allocated; what an engine that plans anew holds already counts as free. */
  private void requireRoom(MemoryPlan plan) {
    HostRoom.check(options.model(), plan, device.pinsMemory(), MachineMemory.now())
        .ifPresent(LOG::warn);
  }

  private void build(MemoryPlan plan) {
    sweeper = new Sweeper(checkpoint, device, plan, options, counters, listener, observer);
    wave =
        new Wave(
            checkpoint.spec(),
            plan,
            sweeper.pool(),
            sweeper.statePool(),
            sweeper::limits,
            sweeper.longestSequence());
  }

  /**
   * Makes the memory's plan anew for rows that are expected otherwise. The wave must be empty.
   * Weights that stayed in memory are read again, as other parts take other shares of it.
   *
   * @return whether anything had to be changed
   */
  boolean replan(ExpectedRows rows) {
    if (rows.equals(options.expectedRows())) {
      return false;
    }
    options = options.expecting(rows);
    MemoryDemand demand = planner.demand(options);
    if (planner.plan(options, reservation.roomFor(demand)).equals(sweeper.plan())) {
      return false;
    }
    sweeper.close();
    reservation.become(demand);
    counters.beginAnew();
    build(planner.plan(options, reservation.room()));
    sweeper.startThread();
    return true;
  }

  Checkpoint checkpoint() {
    return checkpoint;
  }

  Counters counters() {
    return counters;
  }

  Sweeper sweeper() {
    return sweeper;
  }

  Wave wave() {
    return wave;
  }

  /** Says that it is held by a call that does not come back. */
  void stuck() {
    reservation.stuck();
  }

  /** Says that all of it is going to be closed, so that nobody makes do with what else is left. */
  void ending() {
    reservation.ending();
    checkpoint.files().ending();
  }

  /**
   * Closes all parts, each whatever becomes of the others; memory is given back when it is free.
   */
  @Override
  public void close() {
    Holdings parts = new Holdings();
    Stream.of(reservation, checkpoint, device, (AutoCloseable) this::releaseCached, sweeper)
        .filter(Objects::nonNull)
        .forEach(parts::add);
    deviceMemory.ifPresent(parts::add);
    parts.close();
  }

  private void releaseCached() {
    if (device != null) {
      device.releaseCached();
    }
  }
}
