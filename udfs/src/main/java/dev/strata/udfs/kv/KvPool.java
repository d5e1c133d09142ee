package dev.strata.udfs.kv;

import dev.strata.udfs.model.DecoderSpec;
import dev.strata.udfs.tensor.ComputeDevice;
import dev.strata.udfs.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Keys and values of all active sequences. A sequence has one extent of token slots, which is the
 * same in every layer, so that sequences side by side in the pool are side by side in each layer's
 * memory.
 */
public final class KvPool implements AutoCloseable {

  private final ComputeDevice device;
  private final ExtentAllocator extents;
  private final List<Tensor> keys = new ArrayList<>();
  private final List<Tensor> values = new ArrayList<>();

  /** A pool of {@code tokens} token slots in every layer. */
  public KvPool(ComputeDevice device, DecoderSpec spec, int tokens) {
    this.device = device;
    this.extents = new ExtentAllocator(tokens);
    for (int layer = 0; layer < spec.layers().size(); layer++) {
      keys.add(allocate(device, spec, tokens));
      values.add(allocate(device, spec, tokens));
    }
  }

  private static Tensor allocate(ComputeDevice device, DecoderSpec spec, int tokens) {
    return device.allocate("KV pool", device.computeType(), tokens, spec.kvHeads(), spec.headDim());
  }

  /** Bytes of one token slot, in all layers. */
  public static long bytesPerToken(DecoderSpec spec, int elementBytes) {
    return 2L * spec.layers().size() * spec.keyValueWidth() * elementBytes;
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
   * changed, where there is none.
   *
   * @param used how many of the first slots have keys and values, which are copied in every layer
   */
  public Optional<Extent> move(Extent extent, int tokens, int used) {
    Optional<Extent> moved = extents.exchange(extent, tokens);
    moved.ifPresent(to -> copy(extent.begin(), to.begin(), used));
    return moved;
  }

  private void copy(int from, int to, int tokens) {
    // Extents that overlap are copied by pieces that do not: the new one begins before the old.
    int piece = Math.max(1, Math.min(tokens, Math.abs(from - to)));
    for (int done = 0; done < tokens; done += piece) {
      int count = Math.min(piece, tokens - done);
      for (int layer = 0; layer < keys.size(); layer++) {
        device.kernels().moveRows(keys.get(layer), from + done, to + done, count);
        device.kernels().moveRows(values.get(layer), from + done, to + done, count);
      }
    }
  }

  /** Slots of the longest extent that can ever be. */
  public int longestExtent() {
    return extents.longestExtent();
  }

  /** Token slots of the whole pool. */
  public int capacity() {
    return extents.capacity();
  }

  /** Token slots in no extent. */
  public int freeTokens() {
    return extents.freeTokens();
  }

  /** Keys of a layer, [tokens, kvHeads, headDim]. */
  public Tensor keys(int layer) {
    return keys.get(layer);
  }

  /** Values of a layer, [tokens, kvHeads, headDim]. */
  public Tensor values(int layer) {
    return values.get(layer);
  }

  @Override
  public void close() {
    keys.forEach(Tensor::close);
    values.forEach(Tensor::close);
  }
}
