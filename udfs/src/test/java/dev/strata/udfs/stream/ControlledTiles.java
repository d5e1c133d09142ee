package dev.strata.udfs.stream;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;

/**
 * Tiles of bytes that differ from tile to tile, read through a ring of byte arrays. A test decides
 * when a read may go on, and which fails.
 */
final class ControlledTiles implements TileSource, TileSlots, StreamListener {

  private static final int LARGEST = 64;

  private final int[] sizes;
  private final List<ByteBuffer> ring;
  private final AtomicLong readsStarted = new AtomicLong();
  private final AtomicLong readsEnded = new AtomicLong();
  private volatile Semaphore permits;
  private volatile int failingTile = -1;
  private volatile Exception failure;
  private volatile Thread reader;
  private volatile Throwable outOfOrder;

  ControlledTiles(int tiles, int slots) {
    this.sizes = new Random(tiles).ints(tiles, 1, LARGEST + 1).toArray();
    this.ring = Stream.generate(ControlledTiles::slot).limit(slots).toList();
  }

  private static ByteBuffer slot() {
    return ByteBuffer.allocate(LARGEST);
  }

  /** From now on each read needs a permit. */
  ControlledTiles gated() {
    permits = new Semaphore(0);
    return this;
  }

  /** Lets reads go on that wait, or will. */
  void allowReads(int count) {
    permits.release(count);
  }

  /** The tile of every sweep whose read throws. */
  ControlledTiles failing(int tile, Exception exception) {
    failingTile = tile;
    failure = exception;
    return this;
  }

  long readsStarted() {
    return readsStarted.get();
  }

  long readsEnded() {
    return readsEnded.get();
  }

  /** What the listener heard out of turn, or null. */
  Throwable outOfOrder() {
    return outOfOrder;
  }

  /** Waits until the reading thread, which must have read, has nothing that it may read. */
  void awaitIdleReader() {
    while (reader == null || reader.getState() != Thread.State.WAITING) {
      Thread.onSpinWait();
    }
  }

  /** Waits until so many reads have started. */
  void awaitReadsStarted(long count) {
    while (readsStarted.get() < count) {
      Thread.onSpinWait();
    }
  }

  /** What the tile's bytes are. */
  byte[] expected(int tile) {
    byte[] bytes = new byte[sizes[tile]];
    new Random(31L * tile + 7).nextBytes(bytes);
    return bytes;
  }

  /** The first bytes of a slot, as many as the tile has. */
  byte[] inSlot(int slot, int tile) {
    byte[] bytes = new byte[sizes[tile]];
    ring.get(slot).duplicate().clear().get(bytes);
    return bytes;
  }

  @Override
  public int tiles() {
    return sizes.length;
  }

  @Override
  public long bytes(int tile) {
    return sizes[tile];
  }

  @Override
  public void read(int tile, ByteBuffer target) throws IOException {
    reader = Thread.currentThread();
    if (permits != null) {
      permits.acquireUninterruptibly();
    }
    if (tile == failingTile) {
      if (failure instanceof IOException e) {
        throw e;
      }
      throw (RuntimeException) failure;
    }
    // Byte by byte, so that a slot that is overwritten while it is used shows.
    for (byte value : expected(tile)) {
      target.put(value);
    }
  }

  @Override
  public int count() {
    return ring.size();
  }

  @Override
  public ByteBuffer buffer(int slot) {
    return ring.get(slot);
  }

  @Override
  public void awaitReusable(int slot) {}

  @Override
  public void filled(int slot, long bytes) {}

  @Override
  public void beforeUse(int slot) {}

  @Override
  public void afterUse(int slot) {}

  @Override
  public void readStarted(long tile) {
    note(tile == readsStarted.getAndIncrement(), "start of read " + tile);
  }

  @Override
  public void readEnded(long tile, long bytes) {
    note(
        tile == readsEnded.getAndIncrement() && bytes == sizes[(int) (tile % sizes.length)],
        "end of read " + tile + " of " + bytes + " bytes");
  }

  private void note(boolean inOrder, String event) {
    if (!inOrder && outOfOrder == null) {
      outOfOrder = new AssertionError(event + " is out of order");
    }
  }
}
