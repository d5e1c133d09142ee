package dev.strata.udfs.kv;

import dev.strata.udfs.concurrent.Daemons;
import dev.strata.udfs.concurrent.Uninterrupted;
import dev.strata.udfs.model.DecoderSpec;
import dev.strata.udfs.stream.SlotRing;
import dev.strata.udfs.tensor.AttentionKernels;
import dev.strata.udfs.tensor.ComputeDevice;
import dev.strata.udfs.tensor.Footprint;
import dev.strata.udfs.tensor.Holdings;
import dev.strata.udfs.tensor.HostArena;
import dev.strata.udfs.tensor.Lane;
import dev.strata.udfs.tensor.Mark;
import dev.strata.udfs.tensor.Tensor;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Keys and values that stay in host memory and pass through a ring of slots on the device: the next
 * batches are in flight while one is computed with. New ones leave in one copy for each batch, from
 * where short runs are put into the pool by a thread; long runs go straight there. A layer that
 * attends to an earlier one's brings those of its own tokens back as well, and leaves none. Those
 * of sequences that pass stay on the device, for as long as their batch is computed with.
 */
public final class StreamedKv implements KvMemory {

  /** A batch in a layer, to be loaded when so many stores are done. */
  private record Load(int layer, KvBatch batch, long storesBefore) {}

  /** Runs of fewer tokens go by way of a buffer: copies of a few kilobytes each would cost more. */
  private static final int SHORTEST_DIRECT_RUN = 16;

  private static final int SLOTS = 3;
  private static final int FRESH = 3;

  /**
   * Bytes that nobody needs are copied along where they are fewer: about what a copy costs more.
   */
  private static final long GAP_BYTES = 256 << 10;

  private static final String RING = "keys and values";
  private static final String STAGING = "KV staging";
  private static final String CONVERSION = "KV conversion";

  private final ComputeDevice device;
  private final KvPool pool;
  private final KvFormat format;
  private final int slotTokens;
  private final Lane compute;
  private final Lane loads;
  private final Lane stores;
  private final Holdings holdings = new Holdings();
  private final List<LayerBuffer> slots = new ArrayList<>();
  private final List<Mark> free = new ArrayList<>();
  private final List<Mark> ready = new ArrayList<>();
  private final List<LayerBuffer> fresh = new ArrayList<>();
  // What leaves the device: the fresh ones, quantised where the pool is.
  private final List<LayerBuffer> leaving = new ArrayList<>();
  // What attention sees of a slot that is quantised.
  private final LayerBuffer converted;
  private final List<Mark> computed = new ArrayList<>();
  private final List<Mark> stored = new ArrayList<>();
  private final HostArena staging;
  private final SlotRing<Load> ring;
  private final ExecutorService scatter;
  private final AtomicLong bytesLoaded = new AtomicLong();
  private final AtomicLong bytesStored = new AtomicLong();

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition storeDone = lock.newCondition();
  // Batches of all sweeps: each that is opened is once a store that is done, or given up.
  private long announced;
  private long opened;
  private long storesDone;
  private Throwable failure;
  private boolean closed;

  // Of the loading thread.
  private boolean loadsBound;

  /**
   * @param pool in host memory; stays the caller's to close
   * @param slotTokens tokens of a slot of the ring
   * @param freshTokens the most tokens of a micro-batch
   * @param compute where kernels go
   * @param loads where copies to the device go; {@code stores} those from it
   */
  public StreamedKv(
      ComputeDevice device,
      DecoderSpec spec,
      KvPool pool,
      int slotTokens,
      int freshTokens,
      Lane compute,
      Lane loads,
      Lane stores) {
    this.device = device;
    this.pool = pool;
    this.format = pool.format();
    KvFormat plain = KvFormat.plain(spec, device.computeType());
    this.slotTokens = slotTokens;
    this.compute = compute;
    this.loads = loads;
    this.stores = stores;
    try {
      for (int i = 0; i < SLOTS; i++) {
        slots.add(allocate(format, slotTokens));
        free.add(newMark());
        ready.add(newMark());
      }
      for (int i = 0; i < FRESH; i++) {
        fresh.add(allocate(plain, freshTokens));
        leaving.add(format.isQuantized() ? allocate(format, freshTokens) : fresh.get(i));
        computed.add(newMark());
        stored.add(newMark());
      }
      this.converted = format.isQuantized() ? allocate(plain, slotTokens) : null;
      this.staging =
          holdings.add(
              device.hostArena(
                  STAGING,
                  format.type(),
                  Collections.nCopies(FRESH, freshTokens * format.layerTokenBytes())));
      this.scatter = Executors.newSingleThreadExecutor(Daemons.named("strata-kv-stores"));
      holdings.add(() -> Uninterrupted.finish(scatter));
      this.ring = holdings.add(new SlotRing<>("strata-kv-loads", SLOTS, this::load));
    } catch (Throwable e) {
      holdings.closeAfter(e);
      throw e;
    }
  }

  private Mark newMark() {
    return holdings.add(device.newMark());
  }

  private LayerBuffer allocate(KvFormat each, int tokens) {
    return holdings.add(new LayerBuffer(device, RING, each, tokens));
  }

  /**
   * What it takes besides the pool.
   *
   * @param format the pool's
   * @param plain that of keys and values as attention sees them
   * @param pinned whether host memory is pinned
   */
  public static Footprint footprint(
      KvFormat format, KvFormat plain, int slotTokens, int freshTokens, boolean pinned) {
    long converted =
        slotTokens * plain.layerTokenBytes()
            + (long) FRESH * freshTokens * format.layerTokenBytes();
    long ring =
        (long) SLOTS * slotTokens * format.layerTokenBytes()
            + (long) FRESH * freshTokens * plain.layerTokenBytes()
            + (format.isQuantized() ? converted : 0);
    long staging = HostArena.bytes(FRESH, freshTokens * format.layerTokenBytes(), pinned, false);
    return Footprint.sum(Footprint.device(RING, ring), Footprint.host(STAGING, staging));
  }

  /**
   * What kernels take for a moment where keys and values are quantised: on their way out one more
   * float32 of each element beside that it has, and on their way in one; and some for each scale.
   *
   * @param format the pool's
   * @param plain that of keys and values as attention sees them
   */
  public static Footprint conversion(
      KvFormat format, KvFormat plain, int slotTokens, int freshTokens) {
    if (!format.isQuantized()) {
      return Footprint.NONE;
    }
    long most = 0;
    for (KvFormat.Heads heads : plain.layers()) {
      long scales = 2L * heads.count() * Float.BYTES;
      long elements = scales * heads.width();
      long out =
          Math.min(freshTokens, AttentionKernels.QUANTIZED_AT_ONCE) * (2 * elements + 3 * scales);
      long in = Math.min(slotTokens, AttentionKernels.QUANTIZED_AT_ONCE) * (elements + 2 * scales);
      most = Math.max(most, Math.max(out, in));
    }
    return Footprint.device(CONVERSION, most);
  }

  @Override
  public KvBatch.Cutter cutter() {
    return new KvBatch.Cutter(pool, slotTokens, (int) (GAP_BYTES / format.layerTokenBytes()));
  }

  @Override
  public void announce(List<KvBatch> batches) {
    List<Load> all = new ArrayList<>();
    List<Integer> layers = format.attending();
    int n = batches.size();
    for (int layer = 0; layer < layers.size(); layer++) {
      // Those of an earlier layer are there when that layer's batch is in the pool.
      int owner = layers.indexOf(format.layerOf(layers.get(layer)));
      boolean shared = owner < layer;
      for (int i = 0; i < n; i++) {
        boolean follows = i > 0 && batches.get(i).follows(batches.get(i - 1));
        long ofOwner = announced + (long) owner * n + i;
        long before = shared ? ofOwner + 1 : follows ? ofOwner : announced;
        all.add(new Load(layers.get(layer), batches.get(i), before));
      }
    }
    announced += (long) layers.size() * n;
    ring.demand(all);
  }

  private void load(long count, Load load, int slot, Runnable started) {
    if (!loadsBound) {
      loads.bind();
      loadsBound = true;
    }
    started.run();
    awaitStores(load.storesBefore());
    loads.await(free.get(slot));
    device.discard(slots.get(slot).whole());
    int layer = load.layer();
    Tensor to = slots.get(slot).of(layer);
    try {
      for (KvBatch.Copy copy : load.batch().loads(format.isShared(layer))) {
        Tensor from = pool.segment(layer, copy.segment());
        loads.run(
            "load",
            () -> device.kernels().copy(from, copy.begin(), copy.tokens(), to, copy.slot()));
        bytesLoaded.addAndGet(copy.tokens() * format.layerTokenBytes(layer));
      }
    } finally {
      loads.record(ready.get(slot));
    }
  }

  /** What an earlier sweep or batch made must be in the pool before it is read there. */
  private void awaitStores(long count) {
    lock.lock();
    try {
      while (storesDone < count && failure == null && !closed) {
        storeDone.awaitUninterruptibly();
      }
      if (failure != null) {
        throw new IllegalStateException(
            "storing keys and values failed: " + failure.getMessage(), failure);
      }
      if (closed) {
        throw new IllegalStateException("keys and values are closed");
      }
    } finally {
      lock.unlock();
    }
  }

  /** A batch that was opened is in the pool, or will never be; said once for each. */
  private void storeEnded(Throwable problem) {
    lock.lock();
    try {
      storesDone++;
      failure = failure == null ? problem : failure;
      storeDone.signalAll();
    } finally {
      lock.unlock();
    }
  }

  @Override
  public Access open(int layer, KvBatch batch) throws IOException {
    awaitStores(opened - FRESH + 1);
    Opened access = new Opened(layer, batch, ring.next(), (int) (opened % FRESH));
    opened++;
    access.begin();
    return access;
  }

  /** A batch that attention works with: its slot, and a buffer for what it adds. */
  private final class Opened implements Access {

    private final int layer;
    private final KvBatch batch;
    private final SlotRing<Load>.Lease lease;
    private final int buffer;
    private Tensor kv;

    Opened(int layer, KvBatch batch, SlotRing<Load>.Lease lease, int buffer) {
      this.layer = layer;
      this.batch = batch;
      this.lease = lease;
      this.buffer = buffer;
    }

    void begin() {
      try {
        compute.await(ready.get(lease.slot()));
        kv = plain(layer, slots.get(lease.slot()).of(layer), batch);
      } catch (Throwable e) {
        Holdings.closeAfter(e, this::releaseSlot);
        storeEnded(e);
        throw e;
      }
    }

    @Override
    public Tensor kv() {
      return kv;
    }

    @Override
    public Tensor fresh() {
      return fresh.get(buffer).of(layer);
    }

    @Override
    public void close() {
      boolean stores = !format.isShared(layer) && batch.keptRows() > 0;
      try {
        try {
          if (stores) {
            quantize(layer, batch, buffer);
          }
          compute.record(computed.get(buffer));
        } finally {
          releaseSlot();
        }
        if (stores) {
          send(layer, batch, buffer);
        }
        // Stores end in the order of batches, those that store nothing among them.
        scatter.execute(stores ? () -> finishStore(layer, batch, buffer) : () -> storeEnded(null));
      } catch (Throwable e) {
        storeEnded(e);
        throw e;
      }
    }

    private void releaseSlot() {
      try {
        compute.record(free.get(lease.slot()));
      } finally {
        lease.close();
      }
    }
  }

  private Tensor plain(int layer, Tensor slot, KvBatch batch) {
    if (!format.isQuantized()) {
      return slot;
    }
    int tokens = batch.loadedSlots(format.isShared(layer));
    Tensor plain = converted.of(layer);
    if (tokens > 0) {
      compute.run("dequantize", () -> device.kernels().attention().dequantize(slot, tokens, plain));
    }
    return plain;
  }

  private void quantize(int layer, KvBatch batch, int buffer) {
    if (format.isQuantized()) {
      Tensor plain = fresh.get(buffer).of(layer);
      Tensor bytes = leaving.get(buffer).of(layer);
      compute.run(
          "quantize", () -> device.kernels().attention().quantize(plain, batch.rows(), bytes));
    }
  }

  /** Sends the batch's own keys and values to the host; the computing thread does not wait. */
  private void send(int layer, KvBatch batch, int buffer) {
    stores.bind();
    try {
      stores.await(computed.get(buffer));
      try {
        stores.run("store", () -> copyOut(layer, batch, buffer));
      } finally {
        stores.record(stored.get(buffer));
      }
    } finally {
      compute.bind();
    }
    bytesStored.addAndGet(batch.keptRows() * format.layerTokenBytes(layer));
  }

  private void copyOut(int layer, KvBatch batch, int buffer) {
    Tensor from = leaving.get(buffer).of(layer);
    boolean hasShort = false;
    int row = 0;
    for (KvBatch.Run run : batch.runs()) {
      if (!run.passes() && run.count() < SHORTEST_DIRECT_RUN) {
        hasShort = true;
      } else if (!run.passes()) {
        int segment = pool.segmentOf(run.extent().begin());
        int begin = run.extent().begin() - pool.beginOf(segment) + run.position();
        Tensor target = pool.segment(layer, segment);
        device.kernels().copy(from, row, run.count(), target, begin);
      }
      row += run.count();
    }
    if (hasShort) {
      long elements = format.layerTokenBytes(layer) / format.type().bytes();
      device.kernels().copyFlat(from, 0, batch.rows() * elements, staging.tensor(buffer), 0);
    }
  }

  private void finishStore(int layer, KvBatch batch, int buffer) {
    Throwable problem = null;
    try {
      stored.get(buffer).awaitOnHost();
      scatter(layer, batch, buffer);
      device.discard(staging.tensor(buffer));
    } catch (Throwable e) {
      problem = e;
    }
    storeEnded(problem);
  }

  private void scatter(int layer, KvBatch batch, int buffer) {
    ByteBuffer from = staging.buffer(buffer);
    long layerTokenBytes = format.layerTokenBytes(layer);
    int row = 0;
    for (KvBatch.Run run : batch.runs()) {
      if (!run.passes() && run.count() < SHORTEST_DIRECT_RUN) {
        int segment = pool.segmentOf(run.extent().begin());
        int begin = run.extent().begin() - pool.beginOf(segment) + run.position();
        int bytes = (int) (run.count() * layerTokenBytes);
        pool.buffer(layer, segment)
            .put((int) (begin * layerTokenBytes), from, (int) (row * layerTokenBytes), bytes);
      }
      row += run.count();
    }
  }

  @Override
  public void settle() {
    awaitStores(opened);
  }

  @Override
  public int longestSequence() {
    return Math.min(slotTokens, pool.longestExtent());
  }

  @Override
  public long bytesLoaded() {
    return bytesLoaded.get();
  }

  @Override
  public long bytesStored() {
    return bytesStored.get();
  }

  @Override
  public void close() {
    lock.lock();
    try {
      closed = true;
      storeDone.signalAll();
    } finally {
      lock.unlock();
    }
    holdings.close();
  }

  @Override
  public void abandon() {
    lock.lock();
    try {
      // Nobody writes to the pool any more, and no load waits for what nobody will store.
      while (storesDone < opened) {
        storeDone.awaitUninterruptibly();
      }
      opened = announced;
      storesDone = announced;
      storeDone.signalAll();
    } finally {
      lock.unlock();
    }
    ring.abandon();
    ready.forEach(Mark::awaitOnHost);
    stored.forEach(Mark::awaitOnHost);
    lock.lock();
    try {
      failure = null;
    } finally {
      lock.unlock();
    }
  }
}
