package dev.strata.udfs.tensor;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.function.IntToDoubleFunction;

/**
 * Places in host memory, each of whose own size, cut from large pieces. Where memory is pinned its
 * allocator rounds each piece up to a power of two, so pieces are powers of two, and what the arena
 * takes is known before it is made. Pieces come one by one: whoever asks for a place waits for its.
 */
public final class HostArena implements AutoCloseable {

  /** Unbuffered reads want places that start at multiples of this. */
  public static final int ALIGNMENT = 4096;

  private static final long PIECE_BYTES = 1L << 30;

  private record Place(int piece, long offset, long bytes) {}

  /** Where places go, and how large each piece is. */
  private record Layout(List<Place> places, List<Long> pieceBytes) {

    static Layout of(List<Long> sizes, boolean pinned, boolean aligned) {
      long slack = slack(aligned);
      List<Place> places = new ArrayList<>();
      List<Long> pieces = new ArrayList<>();
      long used = 0;
      for (long size : sizes) {
        if (!pieces.isEmpty() && used + size + slack > PIECE_BYTES) {
          pieces.add(0L);
          used = 0;
        } else if (pieces.isEmpty()) {
          pieces.add(0L);
        }
        places.add(new Place(pieces.size() - 1, used, size));
        used += step(size);
        pieces.set(pieces.size() - 1, Rounding.host(used + slack, pinned));
      }
      return new Layout(places, pieces);
    }

    /** Memory that is pinned in place begins where the C library put it. */
    private static long slack(boolean aligned) {
      return aligned ? ALIGNMENT : 0;
    }

    private static long step(long size) {
      return (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    }

    /** The bytes of all pieces for places of one size, which a search asks for very often. */
    static long bytes(int places, long size, boolean pinned, boolean aligned) {
      long step = Math.max(1, step(size));
      long slack = slack(aligned);
      long behindFirst = Math.max(0, PIECE_BYTES - slack - size) / step;
      long full = places / (behindFirst + 1);
      long rest = places % (behindFirst + 1);
      return full * Rounding.host((behindFirst + 1) * step + slack, pinned)
          + (rest == 0 ? 0 : Rounding.host(rest * step + slack, pinned));
    }
  }

  /** A place's memory. */
  private record Seen(Tensor tensor, ByteBuffer buffer) {}

  private final ComputeDevice device;
  private final NumberType type;
  private final boolean aligned;
  private final List<Place> places;
  private final Holdings holdings = new Holdings();
  private final List<HostMemory> pieces = new ArrayList<>();
  // What was asked for so far, by place; written under the lock of its piece.
  private final AtomicReferenceArray<Seen> seen;

  /**
   * @param type of the places' tensors; each size is a multiple of its bytes
   * @param aligned whether places have to start at multiples of {@link #ALIGNMENT}
   * @param firstUse when a sweep needs a place first: 0 for its start, 1 for its end
   */
  HostArena(
      ComputeDevice device,
      String owner,
      NumberType type,
      List<Long> sizes,
      boolean aligned,
      IntToDoubleFunction firstUse) {
    Layout layout = Layout.of(sizes, device.pinsMemory(), aligned);
    this.device = device;
    this.aligned = aligned;
    this.type = type;
    this.places = layout.places();
    this.seen = new AtomicReferenceArray<>(places.size());
    double[] first = new double[layout.pieceBytes().size()];
    Arrays.fill(first, 1);
    for (int i = 0; i < places.size(); i++) {
      int piece = places.get(i).piece();
      first[piece] = Math.min(first[piece], firstUse.applyAsDouble(i));
    }
    try {
      for (int i = 0; i < first.length; i++) {
        long elements = layout.pieceBytes().get(i) / type.bytes();
        pieces.add(holdings.add(device.hostMemory(owner, type, first[i], elements)));
      }
    } catch (Throwable e) {
      holdings.closeAfter(e);
      throw e;
    }
  }

  private Seen see(int index) {
    Seen known = seen.get(index);
    if (known != null) {
      return known;
    }
    HostMemory piece = pieces.get(places.get(index).piece());
    piece.tensor(); // not under the lock
    synchronized (piece) {
      if (seen.get(index) == null) {
        seen.set(index, see(places.get(index), piece));
      }
      return seen.get(index);
    }
  }

  private Seen see(Place place, HostMemory piece) {
    long misalignment = aligned ? piece.buffer().alignmentOffset(0, ALIGNMENT) : 0;
    long start = place.offset() + (misalignment == 0 ? 0 : ALIGNMENT - misalignment);
    long end = start + place.bytes();
    Tensor view = device.kernels().part(piece.tensor(), start / type.bytes(), end / type.bytes());
    try {
      return new Seen(view, slice(piece.buffer(), start, place.bytes()));
    } catch (Throwable e) {
      Holdings.closeAfter(e, view);
      throw e;
    }
  }

  private static ByteBuffer slice(ByteBuffer piece, long start, long bytes) {
    return piece.slice(Math.toIntExact(start), Math.toIntExact(bytes)).order(piece.order());
  }

  /** Bytes that an arena of such places takes. */
  public static long bytes(List<Long> sizes, boolean pinned, boolean aligned) {
    return Layout.of(sizes, pinned, aligned).pieceBytes().stream().mapToLong(Long::longValue).sum();
  }

  /** The same of places that are all of one size. */
  public static long bytes(int places, long placeBytes, boolean pinned, boolean aligned) {
    return Layout.bytes(places, placeBytes, pinned, aligned);
  }

  /**
   * The most bytes that an arena can take, in whatever order its places come.
   *
   * @param sizes of all places together, each a multiple of {@link #ALIGNMENT}
   * @param largest of them
   */
  static long mostBytes(long sizes, long largest, boolean pinned) {
    long leastInFullPiece = Math.max(1, PIECE_BYTES - ALIGNMENT - largest);
    long full = sizes / leastInFullPiece;
    long rest = sizes % leastInFullPiece;
    if (!pinned) {
      return sizes + (full + 1) * ALIGNMENT;
    }
    return full * PIECE_BYTES + (rest == 0 ? 0 : Rounding.host(rest + ALIGNMENT, true));
  }

  public int places() {
    return places.size();
  }

  /**
   * A place as kernels see it, waiting until its memory is there.
   *
   * @throws HostMemoryException if there is too little
   */
  public Tensor tensor(int place) {
    return see(place).tensor();
  }

  /** A place's bytes, waiting until they are there; the same buffer on each call. */
  public ByteBuffer buffer(int place) {
    return see(place).buffer();
  }

  @Override
  public void close() {
    try (holdings;
        Holdings views = new Holdings()) {
      for (int i = 0; i < seen.length(); i++) {
        if (seen.get(i) != null) {
          views.add(seen.getAndSet(i, null).tensor());
        }
      }
    }
  }
}
