package dev.strata.udfs.kv;

import dev.strata.udfs.tensor.ComputeDevice;
import dev.strata.udfs.tensor.Footprint;
import dev.strata.udfs.tensor.Holdings;
import dev.strata.udfs.tensor.Tensor;
import java.util.List;

/** Keys and values that kernels use where the pool has them. */
public final class ResidentKv implements KvMemory {

  private static final String OWNER = "new keys and values";

  private final KvPool pool;
  // [tokens of a micro-batch, 2, kvHeads, headDim]
  private final LayerBuffer fresh;
  // The same, of sequences that pass, for their attention in one layer after the other.
  private final LayerBuffer passing;

  /**
   * Keys and values of a pool on the device, which stays the caller's to close.
   *
   * @param freshTokens the most tokens of a micro-batch
   */
  public ResidentKv(ComputeDevice device, KvPool pool, int freshTokens) {
    this.pool = pool;
    this.fresh = new LayerBuffer(device, OWNER, pool.format(), freshTokens);
    try {
      this.passing = new LayerBuffer(device, OWNER, pool.format(), freshTokens);
    } catch (Throwable e) {
      Holdings.closeAfter(e, fresh);
      throw e;
    }
  }

  /** What it takes besides the pool. */
  public static Footprint footprint(KvFormat plain, int freshTokens) {
    return Footprint.device(OWNER, 2L * freshTokens * plain.layerTokenBytes());
  }

  @Override
  public KvBatch.Cutter cutter() {
    return new KvBatch.Cutter(pool);
  }

  @Override
  public void announce(List<KvBatch> batches) {}

  @Override
  public Access open(int layer, KvBatch batch) {
    Tensor kv =
        batch.segment() == KvBatch.PASSING
            ? passing.of(layer)
            : pool.segment(layer, batch.segment());
    return new Access() {
      @Override
      public Tensor kv() {
        return kv;
      }

      @Override
      public Tensor fresh() {
        return fresh.of(layer);
      }

      @Override
      public void close() {}
    };
  }

  @Override
  public void abandon() {}

  @Override
  public void settle() {}

  @Override
  public int longestSequence() {
    return pool.longestExtent();
  }

  @Override
  public long bytesLoaded() {
    return 0;
  }

  @Override
  public long bytesStored() {
    return 0;
  }

  @Override
  public void close() {
    try (passing) {
      fresh.close();
    }
  }
}
