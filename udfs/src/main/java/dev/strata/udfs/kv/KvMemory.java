package dev.strata.udfs.kv;

import dev.strata.udfs.tensor.Tensor;
import java.io.IOException;
import java.util.List;

/** How attention gets at keys and values. For the computing thread. */
public interface KvMemory extends AutoCloseable {

  /** A batch's keys and values in a layer, the computing thread's until they are closed. */
  interface Access extends AutoCloseable {

    /** [slots, 2, kvHeads, headDim]; a batch's segments say where its sequences are. */
    Tensor kv();

    /** [at least the batch's rows, 2, kvHeads, headDim], for those of the batch's own tokens. */
    Tensor fresh();

    /** The batch's own are there: they may go where they stay. */
    @Override
    void close();
  }

  /** Cuts micro-batches into batches that can be opened. */
  KvBatch.Cutter cutter();

  /**
   * Announces the batches of the sweep that follows: all of them are opened in each layer that
   * attends, one after the other.
   */
  void announce(List<KvBatch> batches);

  /** The next batch of a layer, in the order announced. */
  Access open(int layer, KvBatch batch) throws IOException;

  /**
   * Forgets the batches that were announced and not opened, and what went wrong with them, after a
   * sweep that was given up. When this returns nothing is brought to the device or from it. All
   * that were opened must be closed.
   */
  void abandon();

  /** Waits until all new keys and values are where they stay. */
  void settle();

  /** The most tokens that one sequence can have. */
  int longestSequence();

  /** Bytes brought to the device so far. */
  long bytesLoaded();

  /** Bytes brought from the device so far. */
  long bytesStored();

  @Override
  void close();
}
