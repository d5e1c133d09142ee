package dev.strata.udfs.stream;

import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.function.Predicate;

/**
 * Streams tiles in the order in which their uses are demanded: from the source to a ring in host
 * memory and on, where the device is not the host, to a ring on the device. Both go on ahead of the
 * computation as far as they have free places. Tiles that have a place of their own in host memory
 * are read once and then come from there.
 *
 * <p>What may turn out not to be needed can be demanded as well, and {@link #retract retracted}.
 *
 * <p>One computing thread calls {@link #demand}, {@link #retract}, {@link #exchange}, {@link
 * #next}, {@link #abandon} and {@link Lease#close}; reading and copying have a thread each.
 */
public final class TileStreamer implements AutoCloseable {

  /**
   * A use on its way.
   *
   * @param read whether a read of the tile belongs to it
   * @param resident the place in host memory that the tile stays in, or {@link HostPlaces#NONE}
   */
  private record Step(TileUse use, boolean read, int resident) {

    int tile() {
      return use.tile();
    }

    boolean stays() {
      return resident != HostPlaces.NONE;
    }

    @Override
    public String toString() {
      return Integer.toString(tile());
    }
  }

  /**
   * Where a tile is in host memory.
   *
   * @param place its place
   * @param offset its offset there
   * @param ring the ring's place to be given back when the use is over, or null
   */
  private record HostTile(int place, int offset, SlotRing<Step>.Lease ring) {

    void release() {
      if (ring != null) {
        ring.close();
      }
    }
  }

  /**
   * Threads that are through with their part of a tile go on with the next, while the slowest still
   * reads (BENCHMARKS.md, weights in the page cache alone). Those of experts are so small that one
   * thread reads each.
   */
  private static final int READS_AT_ONCE = 8;

  private final TileSource source;
  private final HostPlaces host;
  private final DevicePlaces device;
  private final StreamListener listener;
  private final SlotRing<Step> reads;
  private final SlotRing<Step> copies;
  private final HostSide hostSide = new HostSide();

  private boolean bound; // the copying thread to its lane

  // Of the thread that demands.
  private final boolean[] readForGood;
  private final Deque<Step> steps = new ArrayDeque<>();
  private final Set<Integer> retracted = new HashSet<>(); // tiles that come all the same
  private long taken;
  private long bytesInVain;

  // Written by the reading threads before a read is given out, read after it was taken.
  private final boolean[] inPlace;

  /**
   * Starts streaming; nothing is read before it is demanded.
   *
   * @param device null where the device is the host, whose kernels use host places
   */
  public TileStreamer(
      TileSource source, HostPlaces host, DevicePlaces device, StreamListener listener) {
    this.source = source;
    this.host = host;
    this.device = device;
    this.listener = listener;
    this.readForGood = new boolean[source.tiles()];
    this.inPlace = new boolean[source.tiles()];
    this.reads = new SlotRing<>("strata-reads", host.ringPlaces(), READS_AT_ONCE, this::read);
    try {
      this.copies =
          device == null ? null : new SlotRing<>("strata-copies", device.count(), this::copy);
    } catch (Throwable e) {
      reads.close();
      throw e;
    }
  }

  /** A tile where kernels find it, the computing thread's until it is closed, in order. */
  public static final class Lease implements AutoCloseable {

    private final long count;
    private final int place;
    private final int offset;
    private final Step step;
    private final Runnable release;

    private Lease(long count, Step step, int place, int offset, Runnable release) {
      this.count = count;
      this.step = step;
      this.place = place;
      this.offset = offset;
      this.release = release;
    }

    public int tile() {
      return step.tile();
    }

    /** Whether it passes for the first time in the sweep and was not read, as it stays. */
    public boolean isKept() {
      return step.use().first() && !step.read();
    }

    /**
     * The use's number, counted from 0 through all demands but for uses that were abandoned, or
     * retracted before they were begun.
     */
    public long count() {
      return count;
    }

    /** The place it lies in: of the device, or of the host where that is the device. */
    public int place() {
      return place;
    }

    /** The offset in its place, in bytes. */
    public int offset() {
      return offset;
    }

    /** Gives the place back. */
    @Override
    public void close() {
      release.run();
    }
  }

  /** Lets uses follow those that were demanded so far. */
  public void demand(Collection<TileUse> uses) {
    List<Step> next = new ArrayList<>();
    for (TileUse use : uses) {
      boolean read = use.first() && !readForGood[use.tile()];
      Step step = new Step(use, read, host.residentPlace(use.tile()));
      readForGood[use.tile()] |= read && step.stays();
      next.add(step);
    }
    reads.demand(next.stream().filter(Step::read).toList());
    if (copies == null) {
      steps.addAll(next);
    } else {
      copies.demand(next);
    }
  }

  /**
   * Takes uses back that were demanded, each tile's only one, before any of them is due. What was
   * not begun is never done. A read or a copy that was begun ends, and its place is given back when
   * it is the tile's turn, which nobody notices but by the places that it takes until then.
   *
   * @return the tiles that come all the same
   */
  public Set<Integer> retract(Set<Integer> tiles) {
    Set<Integer> remaining = new HashSet<>(tiles);
    Predicate<Step> isGone =
        step -> tiles.contains(step.tile()) && isUnread(step) && remaining.remove(step.tile());
    if (copies == null) {
      steps.removeIf(isGone);
    } else {
      copies.retract(isGone);
    }
    retracted.addAll(remaining);
    return remaining;
  }

  /** Whether no read of it was begun; then none is. */
  private boolean isUnread(Step step) {
    if (!step.read()) {
      return true;
    }
    boolean[] gone = {false};
    reads.retract(other -> other.equals(step) && (gone[0] = true));
    readForGood[step.tile()] &= !gone[0];
    return gone[0];
  }

  /**
   * Lets a tile stay, from its next read on, where another did that is read anew from now on. No
   * use of either may be demanded or under way, nor may kernels still use the other.
   */
  public void exchange(int goes, int stays) {
    host.exchange(goes, stays);
    readForGood[goes] = false;
    inPlace[goes] = false;
  }

  /**
   * The next demanded use's tile, waiting for it.
   *
   * @throws IOException if reading failed; it names the file and the offset
   * @throws IllegalStateException if nothing is demanded or every place is leased
   */
  public Lease next() throws IOException {
    Lease next = nextInOrder();
    while (retracted.remove(next.tile())) {
      bytesInVain += next.step.read() ? source.bytes(next.tile()) : 0;
      next.close();
      next = nextInOrder();
    }
    return next;
  }

  /** Bytes that were read for uses that were retracted then. */
  public long bytesInVain() {
    return bytesInVain;
  }

  private Lease nextInOrder() throws IOException {
    return copies == null ? nextOnHost() : nextOnDevice();
  }

  private Lease nextOnHost() throws IOException {
    if (steps.isEmpty()) {
      throw new IllegalStateException("use " + taken + " was not demanded");
    }
    HostTile found = hostSide.take(steps.element());
    return new Lease(taken++, steps.remove(), found.place(), found.offset(), found::release);
  }

  private Lease nextOnDevice() throws IOException {
    SlotRing<Step>.Lease lease = copies.next();
    int place = lease.slot();
    try {
      device.beforeUse(place);
    } catch (Throwable e) {
      lease.close();
      throw e;
    }
    return new Lease(
        lease.count(),
        lease.entry(),
        place,
        0,
        () -> {
          try {
            device.afterUse(place);
          } finally {
            lease.close();
          }
        });
  }

  private CompletableFuture<?> read(long count, Step step, int slot, Runnable started)
      throws IOException {
    listener.readStarted(count);
    started.run();
    int tile = step.tile();
    int place = step.stays() ? step.resident() : slot;
    return source
        .begin(tile, host.buffer(place).clear())
        .thenRun(
            () -> {
              inPlace[tile] = step.stays();
              listener.readEnded(count, source.bytes(tile));
            });
  }

  private void copy(long count, Step step, int slot, Runnable started) throws IOException {
    if (!bound) {
      device.bindCopyingThread();
      bound = true;
    }
    started.run();
    HostTile from = hostSide.take(step);
    try {
      device.copy(from.place(), from.offset(), source.bytes(step.tile()), slot);
    } finally {
      hostSide.copySent(from, slot);
    }
  }

  /** Tiles in host memory, of the one thread that takes them: copying or computing. */
  private final class HostSide {

    /** A copy that was sent from a ring place, and where to. */
    private record Sent(HostTile from, int devicePlace) {}

    // Of tiles that were read and will pass again.
    private final Map<Integer, SlotRing<Step>.Lease> leases = new HashMap<>();
    private final Deque<Sent> sent = new ArrayDeque<>();

    HostTile take(Step step) throws IOException {
      int tile = step.tile();
      if (step.stays()) {
        if (step.read()) {
          // The ring's places are given back in order, so none may be kept while others pass.
          releaseSent(0);
          reads.next().close();
        }
        return new HostTile(step.resident(), source.offset(tile), null);
      }
      if (step.read()) {
        leases.put(tile, reads.next());
      }
      SlotRing<Step>.Lease ring = leases.get(tile);
      if (step.use().last()) {
        leases.remove(tile);
        return new HostTile(ring.slot(), source.offset(tile), ring);
      }
      return new HostTile(ring.slot(), source.offset(tile), null);
    }

    /** Frees the places of earlier copies. One copy stays in flight, so that they never pause. */
    void copySent(HostTile from, int devicePlace) {
      if (from.ring() != null) {
        sent.add(new Sent(from, devicePlace));
      }
      releaseSent(1);
    }

    void abandon() {
      releaseSent(0);
      leases.values().forEach(SlotRing.Lease::close);
      leases.clear();
    }

    private void releaseSent(int kept) {
      while (sent.size() > kept) {
        device.awaitCopied(sent.element().devicePlace());
        HostTile from = sent.remove().from();
        host.givenBack(from.place());
        from.release();
      }
    }
  }

  /**
   * Forgets the uses that are demanded and not taken, after whatever went wrong: reading and
   * copying stand still when this returns, all places but those of tiles that stay are free, and
   * tiles that were to stay and are not there are read when they are demanded again. All uses that
   * were taken must be closed.
   */
  public void abandon() {
    if (copies != null) {
      copies.abandon();
    }
    steps.clear();
    retracted.clear();
    hostSide.abandon();
    reads.abandon();
    System.arraycopy(inPlace, 0, readForGood, 0, inPlace.length);
  }

  /** Whether somebody waits for a read that is under way, and for nothing else. */
  public boolean isReadAwaited() {
    return reads.isFillingAwaited();
  }

  /** How far reading and copying are, for a log. */
  @Override
  public String toString() {
    return copies == null ? "reads: " + reads : "reads: %s; copies: %s".formatted(reads, copies);
  }

  /** Stops streaming and waits for a read and a copy under way to end. */
  @Override
  public void close() {
    try {
      reads.close(); // a copying thread that waits for a read is told
    } finally {
      if (copies != null) {
        copies.close();
      }
    }
  }
}
