package dev.strata.udfs.stream;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Streams tiles through a ring of slots, in the order of the sweep and over again. Reading goes on
 * ahead of the computation as far as the ring has free slots and sweeps are demanded, and wraps
 * from the last tile to the first, so the disk does not pause between sweeps.
 *
 * <p>When {@link #next} returns tile {@code k}, the read of tile {@code k + 1} has already started,
 * if that tile is demanded and a slot is free: whatever is computed with a tile overlaps the next
 * one's read.
 *
 * <p>One computing thread calls {@link #demandSweeps}, {@link #next} and {@link Lease#close};
 * reading has a thread of its own.
 */
public final class TileStreamer implements AutoCloseable {

  private final TileSource source;
  private final TileSlots slots;
  private final StreamListener listener;
  private final Thread reader;

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();

  // Counts of tiles through all sweeps, guarded by the lock. A tile k is in slot k % slots.count().
  private long demanded;
  private long started;
  private long arrived;
  private long taken;
  private long released;
  private Throwable failure;
  private boolean closed;

  /** Starts the reading thread; nothing is read before a sweep is demanded. */
  public TileStreamer(TileSource source, TileSlots slots, StreamListener listener) {
    if (slots.count() < 2) {
      throw new IllegalArgumentException("a ring needs 2 slots, got " + slots.count());
    }
    this.source = source;
    this.slots = slots;
    this.listener = listener;
    this.reader = new Thread(this::readAhead, "strata-tiles");
    reader.setDaemon(true);
    reader.start();
  }

  /**
   * A tile in its slot, the computing thread's until it is closed. Leases are closed in the order
   * they were taken.
   */
  public final class Lease implements AutoCloseable {

    private final long tile;

    private Lease(long tile) {
      this.tile = tile;
    }

    /** The tile's number in its sweep. */
    public int tile() {
      return (int) (tile % source.tiles());
    }

    /** The tile's number in the count through all sweeps. */
    public long count() {
      return tile;
    }

    /** The slot it lies in. */
    public int slot() {
      return slotOf(tile);
    }

    /** Gives the slot back to the ring. */
    @Override
    public void close() {
      slots.afterUse(slot());
      lock.lock();
      try {
        if (tile != released) {
          throw new IllegalStateException("tile " + tile + " released before tile " + released);
        }
        released++;
        changed.signalAll();
      } finally {
        lock.unlock();
      }
    }
  }

  /**
   * Makes sure that the sweep after those begun so far is read: {@code sweeps} is a count from the
   * streamer's start. Demands never shrink.
   */
  public void demandSweeps(long sweeps) {
    lock.lock();
    try {
      demanded = Math.max(demanded, sweeps * source.tiles());
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /**
   * The next tile, waiting for it.
   *
   * @throws IOException if reading failed; it names the file and the offset
   * @throws IllegalStateException if the tile was not demanded or every slot is leased
   */
  public Lease next() throws IOException {
    long tile;
    lock.lock();
    try {
      tile = taken;
      requireTakable(tile);
      while (failure == null && !closed && (arrived <= tile || !isReadAfter(tile))) {
        changed.awaitUninterruptibly();
      }
      throwFailure();
      taken++;
    } finally {
      lock.unlock();
    }
    slots.beforeUse(slotOf(tile));
    return new Lease(tile);
  }

  private void requireTakable(long tile) {
    if (tile >= demanded) {
      throw new IllegalStateException("tile " + tile + " was not demanded");
    }
    if (tile - released >= slots.count()) {
      throw new IllegalStateException("all " + slots.count() + " slots are leased");
    }
  }

  /** Whether the read after {@code tile} has started, or cannot start yet. */
  private boolean isReadAfter(long tile) {
    long next = tile + 1;
    return started > next || next >= demanded || next - released >= slots.count();
  }

  private void throwFailure() throws IOException {
    if (failure instanceof IOException e) {
      throw new IOException(e.getMessage(), e);
    }
    if (failure != null) {
      throw new IllegalStateException("reading tiles failed: " + failure.getMessage(), failure);
    }
    if (closed) {
      throw new IllegalStateException("the streamer is closed");
    }
  }

  private int slotOf(long tile) {
    return (int) (tile % slots.count());
  }

  private void readAhead() {
    try {
      for (long tile = 0; awaitFreeSlot(tile); tile++) {
        read(tile);
      }
    } catch (Throwable e) {
      fail(e);
    }
  }

  /** Waits until the tile may be read; false when the streamer is closed. */
  private boolean awaitFreeSlot(long tile) {
    lock.lock();
    try {
      while (!closed && (tile >= demanded || tile - released >= slots.count())) {
        changed.awaitUninterruptibly();
      }
      return !closed;
    } finally {
      lock.unlock();
    }
  }

  private void read(long tile) throws IOException {
    int slot = slotOf(tile);
    int index = (int) (tile % source.tiles());
    long bytes = source.bytes(index);
    slots.awaitReusable(slot);
    listener.readStarted(tile);
    lock.lock();
    try {
      started = tile + 1;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
    ByteBuffer target = slots.buffer(slot);
    target.clear().limit(Math.toIntExact(bytes));
    source.read(index, target);
    listener.readEnded(tile, bytes);
    slots.filled(slot, bytes);
    lock.lock();
    try {
      arrived = tile + 1;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  private void fail(Throwable e) {
    lock.lock();
    try {
      failure = e;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** Stops reading and waits for a read under way to end. */
  @Override
  public void close() {
    lock.lock();
    try {
      closed = true;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
    boolean interrupted = false;
    while (reader.isAlive()) {
      try {
        reader.join();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
