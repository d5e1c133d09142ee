package dev.strata.udfs.stream;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;

/**
 * Tiles of bytes that differ from tile to tile, read into places that are byte arrays, at offsets
 * that differ from tile to tile. A test decides when a read may go on, which fails, and which tiles
 * stay.
 */
final class ControlledTiles implements TileSource, HostPlaces, StreamListener {

  private static final int LARGEST = 64;
  private static final int OFFSETS = 5;

  private final int[] sizes;
  private final int ringPlaces;
  private final List<ByteBuffer> places;
  private final List<Integer> residents = new ArrayList<>();
  private final List<Integer> read = Collections.synchronizedList(new ArrayList<>());
  private final AtomicLong readsStarted = new AtomicLong();
  private final AtomicLong readsEnded = new AtomicLong();
  private volatile Semaphore permits;
  private volatile int failingTile = -1;
  private volatile Exception failure;
  private volatile Thread reader;
  private volatile Throwable outOfOrder;

  ControlledTiles(int tiles, int slots) {
    this.sizes = new Random(tiles).ints(tiles, 1, LARGEST + 1).toArray();
    this.ringPlaces = slots;
    this.places = new ArrayList<>(Stream.generate(ControlledTiles::place).limit(slots).toList());
  }

  private static ByteBuffer place() {
    return ByteBuffer.allocate(LARGEST + OFFSETS);
  }

  /** A tile that stays once it is read. */
  ControlledTiles resident(int tile) {
    residents.add(tile);
    places.add(place());
    return this;
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

  /** Bytes of a place from an offset on, as many as the tile has. */
  byte[] inPlace(int place, int offset, int tile) {
    byte[] bytes = new byte[sizes[tile]];
    places.get(place).duplicate().clear().position(offset).get(bytes);
    return bytes;
  }

  /** All tiles read so far, in order. */
  List<Integer> read() {
    return List.copyOf(read);
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
  public int offset(int tile) {
    return tile % OFFSETS;
  }

  @Override
  public CompletableFuture<?> begin(int tile, ByteBuffer target) throws IOException {
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
    target.position(offset(tile));
    // Byte by byte, so that a place that is overwritten while it is used shows.
    for (byte value : expected(tile)) {
      target.put(value);
    }
    read.add(tile);
    return CompletableFuture.completedFuture(null);
  }

  @Override
  public int ringPlaces() {
    return ringPlaces;
  }

  @Override
  public int residentPlace(int tile) {
    return residents.contains(tile) ? ringPlaces + residents.indexOf(tile) : HostPlaces.NONE;
  }

  @Override
  public void exchange(int goes, int stays) {
    residents.set(residents.indexOf(goes), stays);
  }

  @Override
  public ByteBuffer buffer(int place) {
    return places.get(place);
  }

  @Override
  public void readStarted(long count) {
    note(count == readsStarted.getAndIncrement(), "start of read " + count);
  }

  @Override
  public void readEnded(long count, long bytes) {
    note(
        count == readsEnded.getAndIncrement() && bytes == sizes[read.get((int) count)],
        "end of read " + count + " of " + bytes + " bytes");
  }

  private void note(boolean inOrder, String event) {
    if (!inOrder && outOfOrder == null) {
      outOfOrder = new AssertionError(event + " is out of order");
    }
  }
}
