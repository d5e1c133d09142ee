package dev.strata.udfs.kv;

import dev.strata.udfs.tensor.Tensor;
import java.util.List;

/** Keys and values that kernels use where the pool has them. */
public final class ResidentKv implements KvMemory {

  private final KvPool pool;
  private final Tensor fresh;

  /**
   * @param fresh [tokens of a micro-batch, 2, kvHeads, headDim]; closed with this
   */
  public ResidentKv(KvPool pool, Tensor fresh) {
    this.pool = pool;
    this.fresh = fresh;
  }

  @Override
  public KvBatch.Cutter cutter() {
    return new KvBatch.Cutter(pool);
  }

  @Override
  public void announce(List<KvBatch> batches) {}

  @Override
  public Access open(int layer, KvBatch batch) {
    Tensor kv = pool.segment(layer, batch.segment());
    return new Access() {
      @Override
      public Tensor kv() {
        return kv;
      }

      @Override
      public Tensor fresh() {
        return fresh;
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
    fresh.close();
  }
}
