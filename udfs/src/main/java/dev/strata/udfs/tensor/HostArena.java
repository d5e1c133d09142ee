package dev.strata.udfs.tensor;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * Places in host memory, each of whose own size, cut from large pieces. Where memory is pinned its
 * allocator rounds each piece up to a power of two, so pieces are powers of two, and what the arena
 * takes is known before it is made.
 */
public final class HostArena implements AutoCloseable {

  /** Places start at multiples of this, as unbuffered reads want it. */
  public static final int ALIGNMENT = 4096;

  private static final long PIECE_BYTES = 1L << 30;
  private static final long LEAST_PAGE_ALIGNED_BYTES = 1 << 20;

  private record Place(int piece, long offset, long bytes) {}

  /** Where places go, and how large each piece is. */
  private record Layout(List<Place> places, List<Long> pieceBytes) {

    static Layout of(List<Long> sizes, boolean pinned) {
      List<Place> places = new ArrayList<>();
      List<Long> pieces = new ArrayList<>();
      long used = 0;
      for (long size : sizes) {
        if (!pieces.isEmpty() && used + size > PIECE_BYTES) {
          pieces.add(0L);
          used = 0;
        } else if (pieces.isEmpty()) {
          pieces.add(0L);
        }
        places.add(new Place(pieces.size() - 1, used, size));
        used += (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
        pieces.set(pieces.size() - 1, pinned ? pinnedBytes(used) : used + ALIGNMENT);
      }
      return new Layout(places, pieces);
    }
  }

  /** Small pieces of pinned memory need not begin with a page. */
  private static long pinnedBytes(long used) {
    long bytes = used < LEAST_PAGE_ALIGNED_BYTES ? used + ALIGNMENT : used;
    return Long.highestOneBit(bytes - 1) << 1;
  }

  private final Holdings holdings = new Holdings();
  private final List<Tensor> pieces = new ArrayList<>();
  private final List<Tensor> places = new ArrayList<>();
  private final List<ByteBuffer> buffers = new ArrayList<>();

  /**
   * @param type of the places' tensors; each size is a multiple of its bytes
   */
  HostArena(ComputeDevice device, String owner, NumberType type, List<Long> sizes) {
    Layout layout = Layout.of(sizes, device.pinsMemory());
    List<Long> starts = new ArrayList<>();
    try {
      for (long bytes : layout.pieceBytes()) {
        Tensor piece = holdings.add(device.allocateHost(owner, type, bytes / type.bytes()));
        pieces.add(piece);
        starts.add((long) piece.buffer().alignmentOffset(0, ALIGNMENT));
      }
      for (Place place : layout.places()) {
        long misalignment = starts.get(place.piece());
        long start = place.offset() + (misalignment == 0 ? 0 : ALIGNMENT - misalignment);
        Tensor piece = pieces.get(place.piece());
        long end = start + place.bytes();
        places.add(
            holdings.add(device.kernels().part(piece, start / type.bytes(), end / type.bytes())));
        buffers.add(slice(piece.buffer(), start, place.bytes()));
      }
    } catch (Throwable e) {
      holdings.closeAfter(e);
      throw e;
    }
  }

  private static ByteBuffer slice(ByteBuffer piece, long start, long bytes) {
    return piece.slice(Math.toIntExact(start), Math.toIntExact(bytes)).order(piece.order());
  }

  /** Bytes that an arena of such places takes. */
  public static long bytes(List<Long> sizes, boolean pinned) {
    return Layout.of(sizes, pinned).pieceBytes().stream().mapToLong(Long::longValue).sum();
  }

  public int places() {
    return places.size();
  }

  public Tensor tensor(int place) {
    return places.get(place);
  }

  /** A place's bytes; the same buffer on each call. */
  public ByteBuffer buffer(int place) {
    return buffers.get(place);
  }

  @Override
  public void close() {
    holdings.close();
  }
}
