package dev.strata.udfs.kv;

import dev.strata.udfs.stream.SlotRing;
import dev.strata.udfs.tensor.ComputeDevice;
import dev.strata.udfs.tensor.DeltaRules;
import dev.strata.udfs.tensor.Footprint;
import dev.strata.udfs.tensor.Holdings;
import dev.strata.udfs.tensor.Lane;
import dev.strata.udfs.tensor.Mark;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * States that stay in host memory and pass through a ring of slots on the device: they go on in
 * their slot, and from there to the host, while the next batches are in flight.
 */
public final class StreamedStates implements StateMemory {

  /**
   * A batch in a layer.
   *
   * @param after the batch of the same layer whose states it goes on with, or none; see {@link
   *     #NONE}
   * @param sentBefore how many batches must have been sent to the host by then
   */
  private record Load(int layer, StateBatch batch, int index, int after, long sentBefore) {}

  private static final int NONE = -1;
  private static final int SLOTS = 3;
  private static final String RING = "ring of states";

  private final ComputeDevice device;
  private final DeltaRules rules;
  private final StatePool pool;
  private final StateFormat format;
  private final Lane compute;
  private final Lane loads;
  private final Lane stores;
  private final Holdings holdings = new Holdings();
  private final List<StatePlaces> slots = new ArrayList<>();
  private final List<Mark> free = new ArrayList<>();
  private final List<Mark> ready = new ArrayList<>();
  private final List<Mark> computed = new ArrayList<>();
  // By batch of a sweep, as its states in the layer that it is in are on their way to the host.
  private final List<Mark> stored = new ArrayList<>();
  private final SlotRing<Load> ring;

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition wasSent = lock.newCondition();
  // Batches of all sweeps and layers.
  private long announced;
  private long sent;
  private boolean closed;

  // Of the loading thread.
  private boolean loadsBound;

  /**
   * @param pool in host memory; stays the caller's to close
   * @param slotRows the most sequences of a batch
   * @param compute where kernels go
   * @param loads where copies to the device go; {@code stores} those from it
   */
  public StreamedStates(
      ComputeDevice device,
      DeltaRules rules,
      StatePool pool,
      int slotRows,
      Lane compute,
      Lane loads,
      Lane stores) {
    this.device = device;
    this.rules = rules;
    this.pool = pool;
    this.format = pool.format();
    this.compute = compute;
    this.loads = loads;
    this.stores = stores;
    try {
      for (int i = 0; i < SLOTS; i++) {
        slots.add(holdings.add(new StatePlaces(device, RING, format, slotRows)));
        free.add(newMark());
        ready.add(newMark());
        computed.add(newMark());
      }
      this.ring = holdings.add(new SlotRing<>("strata-states", SLOTS, this::load));
    } catch (Throwable e) {
      holdings.closeAfter(e);
      throw e;
    }
  }

  private Mark newMark() {
    return holdings.add(device.newMark());
  }

  /** What it takes besides the pool. */
  public static Footprint footprint(StateFormat format, int slotRows) {
    return Footprint.device(RING, SLOTS * (slotRows * format.layerBytes()));
  }

  @Override
  public StateBatch.Cutter cutter() {
    return new StateBatch.Cutter(pool, slots.get(0).count());
  }

  @Override
  public void announce(List<StateBatch> batches) {
    int n = batches.size();
    List<Integer> after = new ArrayList<>();
    Map<Integer, Integer> lastTo = new HashMap<>();
    for (int i = 0; i < n; i++) {
      int latest = NONE;
      for (StateBatch.Run run : batches.get(i).runs()) {
        latest = Math.max(latest, lastTo.getOrDefault(run.from(), NONE));
      }
      after.add(latest);
      for (StateBatch.Run run : batches.get(i).runs()) {
        lastTo.put(run.to(), i);
      }
    }
    while (stored.size() < n) {
      stored.add(newMark());
    }
    List<Load> all = new ArrayList<>();
    for (int layer : format.layers()) {
      for (int i = 0; i < n; i++) {
        long before = after.get(i) == NONE ? 0 : announced + after.get(i) + 1;
        all.add(new Load(layer, batches.get(i), i, after.get(i), before));
      }
      announced += n;
    }
    ring.demand(all);
  }

  private void load(long count, Load load, int slot, Runnable started) {
    if (!loadsBound) {
      loads.bind();
      loadsBound = true;
    }
    started.run();
    awaitSent(load.sentBefore());
    loads.await(free.get(slot));
    if (load.after() != NONE) {
      loads.await(stored.get(load.after()));
    }
    StatePlaces places = slots.get(slot);
    device.discard(places.whole());
    try {
      loads.run("states in", () -> places.load(rules, pool, load.layer(), load.batch()));
    } finally {
      loads.record(ready.get(slot));
    }
  }

  /** The mark of a batch says nothing of this layer until it is set for it. */
  private void awaitSent(long count) {
    lock.lock();
    try {
      while (sent < count && !closed) {
        wasSent.awaitUninterruptibly();
      }
      if (closed) {
        throw new IllegalStateException("states are closed");
      }
    } finally {
      lock.unlock();
    }
  }

  /** A batch that was opened is on its way to the host, or never will be. */
  private void sent() {
    lock.lock();
    try {
      sent++;
      wasSent.signalAll();
    } finally {
      lock.unlock();
    }
  }

  @Override
  public Access open(int layer, StateBatch batch) throws IOException {
    SlotRing<Load>.Lease lease = ring.next();
    try {
      compute.await(ready.get(lease.slot()));
      return new Opened(lease);
    } catch (Throwable e) {
      lease.close();
      sent();
      throw e;
    }
  }

  /** A batch that a recurrence works with. */
  private final class Opened implements Access {

    private final SlotRing<Load>.Lease lease;

    Opened(SlotRing<Load>.Lease lease) {
      this.lease = lease;
    }

    @Override
    public DeltaRules.States states() {
      return slots.get(lease.slot()).states();
    }

    @Override
    public void close() {
      try {
        send(lease.entry(), lease.slot());
      } finally {
        lease.close();
        sent();
      }
    }
  }

  /** Sends a batch's states to the host; the computing thread does not wait. */
  private void send(Load load, int slot) {
    compute.record(computed.get(slot));
    stores.bind();
    try {
      stores.await(computed.get(slot));
      try {
        stores.run("states out", () -> slots.get(slot).store(pool, load.layer(), load.batch()));
      } finally {
        stores.record(stored.get(load.index()));
        stores.record(free.get(slot));
      }
    } finally {
      compute.bind();
    }
  }

  @Override
  public void settle() {
    stored.forEach(Mark::awaitOnHost);
  }

  @Override
  public void abandon() {
    lock.lock();
    try {
      // No load waits for what nobody will send.
      sent = announced;
      wasSent.signalAll();
    } finally {
      lock.unlock();
    }
    ring.abandon();
    ready.forEach(Mark::awaitOnHost);
    free.forEach(Mark::awaitOnHost);
    stored.forEach(Mark::awaitOnHost);
  }

  @Override
  public void close() {
    lock.lock();
    try {
      closed = true;
      wasSent.signalAll();
    } finally {
      lock.unlock();
    }
    holdings.close();
  }
}
