package dev.strata.udfs.kv;

import dev.strata.udfs.model.DecoderSpec;
import dev.strata.udfs.tensor.ComputeDevice;
import dev.strata.udfs.tensor.Footprint;
import dev.strata.udfs.tensor.Holdings;
import dev.strata.udfs.tensor.HostMemory;
import dev.strata.udfs.tensor.Rounding;
import dev.strata.udfs.tensor.Tensor;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

/**
 * Keys and values of all active sequences. A sequence has one extent of token slots, which is the
 * same in every layer, so that sequences side by side in the pool are side by side in each layer's
 * memory. The pool is in the memory that kernels use, or in the host's, from where {@link
 * StreamedKv} brings them.
 *
 * <p>Its memory is a few tensors for each layer, the segments, because pinned memory comes in
 * powers of two; no extent crosses from one to the next.
 */
public final class KvPool implements AutoCloseable {

  /** Whose its memory is, in footprints. */
  public static final String OWNER = "keys and values";

  /** Pinned pieces of memory are seen through buffers of less than 2 GiB. */
  public static final long LARGEST_SEGMENT_BYTES = 1L << 30;

  /** So many segments come within a sixteenth of any size, or within its last gibibyte. */
  private static final int SMALL_SEGMENTS = 4;

  /** Memory that is there or, on the host, is going to be. */
  private record Segment(Supplier<Tensor> tensor, Supplier<ByteBuffer> buffer) {

    static Segment of(HostMemory memory) {
      return new Segment(memory::tensor, memory::buffer);
    }

    static Segment of(Tensor tensor) {
      return new Segment(() -> tensor, tensor::buffer);
    }
  }

  private final Holdings holdings = new Holdings();
  private final ComputeDevice device;
  private final KvFormat format;
  private final List<Integer> segmentBegins = new ArrayList<>();
  private final ExtentAllocator extents;
  // By layer and segment, [tokens, 2, kvHeads, width]; none of layers without their own.
  private final List<List<Segment>> layers = new ArrayList<>();

  /**
   * A pool on the device.
   *
   * @param tokens token slots in every layer
   */
  public static KvPool onDevice(ComputeDevice device, DecoderSpec spec, int tokens) {
    return new KvPool(device, KvFormat.plain(spec, device.computeType()), List.of(tokens), false);
  }

  /**
   * A pool in host memory.
   *
   * @param bytes what it may take in all; see {@link #hostSegments}
   */
  public static KvPool onHost(ComputeDevice device, KvFormat format, long bytes) {
    return new KvPool(device, format, hostSegments(format, bytes), true);
  }

  private KvPool(
      ComputeDevice device, KvFormat format, List<Integer> segmentTokens, boolean onHost) {
    this.device = device;
    this.format = format;
    int begin = 0;
    for (int tokens : segmentTokens) {
      segmentBegins.add(begin);
      begin += tokens;
    }
    this.extents =
        new ExtentAllocator(segmentTokens.stream().mapToInt(Integer::intValue).toArray());
    try {
      for (int layer = 0; layer < format.layers().size(); layer++) {
        layers.add(new ArrayList<>());
      }
      for (int layer : format.owning()) {
        for (int tokens : segmentTokens) {
          layers.get(layer).add(onHost ? onHost(layer, tokens) : onDevice(layer, tokens));
        }
      }
    } catch (Throwable e) {
      holdings.closeAfter(e);
      throw e;
    }
  }

  /** A layer's are needed when a sweep comes to it. */
  private Segment onHost(int layer, int tokens) {
    double firstUse = layer / (double) format.layers().size();
    return Segment.of(
        holdings.add(
            device.hostMemory(OWNER, format.type(), firstUse, format.shape(layer, tokens))));
  }

  private Segment onDevice(int layer, int tokens) {
    return Segment.of(
        holdings.add(device.allocate(OWNER, format.type(), format.shape(layer, tokens))));
  }

  /**
   * Tokens of the segments of a pool in host memory, each of a power of two of bytes in the layer
   * that takes most: as many of the largest as fit, then a few smaller ones.
   *
   * @param bytes what the pool may take in all layers
   */
  public static List<Integer> hostSegments(KvFormat format, long bytes) {
    long token = format.layerTokenBytes();
    long left = (long) (bytes / format.largeLayers());
    List<Integer> tokens = new ArrayList<>();
    for (int small = 0; small < SMALL_SEGMENTS && left >= token; ) {
      long segment = Math.min(LARGEST_SEGMENT_BYTES, Long.highestOneBit(left));
      if (segment < LARGEST_SEGMENT_BYTES) {
        small++;
      }
      if (segment >= token) {
        tokens.add((int) (segment / token));
      }
      left -= segment;
    }
    return tokens;
  }

  /** What a pool on the device takes. */
  public static Footprint footprint(KvFormat format, int tokens) {
    return Footprint.device(OWNER, tokens * format.tokenBytes());
  }

  /** What a pool in host memory with such segments takes. */
  public static Footprint hostFootprint(KvFormat format, List<Integer> segmentTokens) {
    long bytes = 0;
    for (int layer : format.owning()) {
      long token = format.layerTokenBytes(layer);
      bytes +=
          segmentTokens.stream().mapToLong(tokens -> Rounding.host(tokens * token, true)).sum();
    }
    return Footprint.host(OWNER, bytes);
  }

  /** An extent of {@code tokens} slots, or empty where no run of free slots is that long. */
  public Optional<Extent> reserve(int tokens) {
    return extents.reserve(tokens);
  }

  /** Gives an extent back. */
  public void release(Extent extent) {
    extents.release(extent);
  }

  /**
   * A longer extent at the same place, in exchange for the one given; empty, and nothing changed,
   * where the slots behind it are not free.
   */
  public Optional<Extent> grow(Extent extent, int tokens) {
    return extents.grow(extent, tokens);
  }

  /**
   * A longer extent wherever there is room, in exchange for the one given; empty, and nothing
   * changed, where there is none. To be called between sweeps, when all new keys and values are in
   * the pool. Where copying fails both extents are given back, and what was in them is lost.
   *
   * @param used how many of the first slots have keys and values, which are copied in every layer
   */
  public Optional<Extent> move(Extent extent, int tokens, int used) {
    Optional<Extent> moved = extents.exchange(extent, tokens);
    try {
      moved.ifPresent(to -> copy(extent.begin(), to.begin(), used));
      return moved;
    } catch (Throwable e) {
      moved.ifPresent(extents::release);
      throw e;
    }
  }

  private void copy(int from, int to, int tokens) {
    int source = segmentOf(from);
    int target = segmentOf(to);
    // Extents that overlap are copied by pieces that do not: the new one begins before the old.
    int piece = Math.max(1, Math.min(tokens, Math.abs(from - to)));
    for (int done = 0; done < tokens; done += piece) {
      int count = Math.min(piece, tokens - done);
      for (int layer : format.owning()) {
        device
            .kernels()
            .copy(
                segment(layer, source),
                from + done - beginOf(source),
                count,
                segment(layer, target),
                to + done - beginOf(target));
      }
    }
  }

  KvFormat format() {
    return format;
  }

  /** Token slots of the whole pool. */
  public int capacity() {
    return extents.capacity();
  }

  /** Slots of the longest extent that can ever be. */
  public int longestExtent() {
    return extents.longestExtent();
  }

  /** Token slots in no extent. */
  public int freeTokens() {
    return extents.freeTokens();
  }

  /** The segment that a slot is in. */
  int segmentOf(int slot) {
    int segment = 0;
    while (segment + 1 < segmentBegins.size() && segmentBegins.get(segment + 1) <= slot) {
      segment++;
    }
    return segment;
  }

  /** The first slot of a segment. */
  int beginOf(int segment) {
    return segmentBegins.get(segment);
  }

  /** Keys and values that a layer attends to, of a segment, [tokens, 2, kvHeads, width]. */
  Tensor segment(int layer, int segment) {
    return layers.get(format.layerOf(layer)).get(segment).tensor().get();
  }

  /** The bytes of a layer's segment; only of a pool in host memory. */
  ByteBuffer buffer(int layer, int segment) {
    return layers.get(layer).get(segment).buffer().get();
  }

  @Override
  public void close() {
    holdings.close();
  }
}
