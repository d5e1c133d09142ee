package dev.strata.udfs.engine;

import dev.strata.udfs.kv.ResidentStates;
import dev.strata.udfs.kv.StateBatch;
import dev.strata.udfs.kv.StateFormat;
import dev.strata.udfs.kv.StatePool;
import dev.strata.udfs.kv.StreamedStates;
import dev.strata.udfs.tensor.DeltaRules;
import dev.strata.udfs.tensor.Footprint;
import java.util.List;

/**
 * The pool of states, and how they pass.
 *
 * @param format how they lie in it; of no layers where sequences have none
 * @param segments places of each segment
 * @param onHost whether they are in host memory apart from the device
 * @param slotRows the most sequences whose states are brought at once
 * @param chunks the most chunks of tokens that kernels take at once
 */
record StatePlan(
    StateFormat format, List<Integer> segments, boolean onHost, int slotRows, int chunks) {

  /** A slot's bytes, of which a copy is fast enough and kernels have enough to do. */
  private static final long SLOT_BYTES = 32L << 20;

  private static final int MOST_SLOT_ROWS = 64;

  /** What chunks may take meanwhile. */
  private static final long CHUNK_BYTES = 160L << 20;

  private static final int MOST_CHUNKS = 16;

  StatePlan {
    segments = List.copyOf(segments);
  }

  /** The pool where kernels use it. */
  static StatePlan onDevice(StateFormat format, PlanChoice choice, int places, int threads) {
    return new StatePlan(
        format, List.of(places), false, slotRows(format, choice), chunks(format, choice, threads));
  }

  /** The pool in host memory. */
  static StatePlan onHost(
      StateFormat format, PlanChoice choice, List<Integer> segments, int threads) {
    return new StatePlan(
        format, segments, true, slotRows(format, choice), chunks(format, choice, threads));
  }

  private static int slotRows(StateFormat format, PlanChoice choice) {
    if (format.isEmpty()) {
      return 0;
    }
    int most = Math.min(MOST_SLOT_ROWS, choice.waveRows());
    return MemoryLayout.clamp(SLOT_BYTES / format.layerBytes(), 1, most);
  }

  private static int chunks(StateFormat format, PlanChoice choice, int threads) {
    if (format.isEmpty()) {
      return 0;
    }
    int most = Math.min(MOST_CHUNKS, DeltaRules.chunksOf(choice.blockTokens()));
    return MemoryLayout.clamp(
        CHUNK_BYTES / threads / DeltaRules.chunkBytes(format.widths()), 1, most);
  }

  /** Places of the whole pool. */
  int places() {
    return segments.stream().mapToInt(Integer::intValue).sum();
  }

  /** Tokens that convolutions see. */
  int kernel() {
    return format.isEmpty() ? 0 : format.widths().kernel();
  }

  /**
   * What is there besides the pool.
   *
   * @param streams whether states stay in host memory
   * @param runs sequences of a sweep; one that goes on in the next micro-batch counts again
   */
  static Footprint besidePool(
      StateFormat format, PlanChoice choice, boolean streams, int runs, int threads) {
    if (format.isEmpty()) {
      return Footprint.NONE;
    }
    int slotRows = slotRows(format, choice);
    return Footprint.sum(
        streams
            ? StreamedStates.footprint(format, slotRows)
            : ResidentStates.footprint(format, slotRows),
        DeltaRules.footprint(format.widths(), chunks(format, choice, threads), slotRows, threads),
        StateBatch.footprint(runs, choice.sweepTokens(), format.widths().kernel()));
  }

  Footprint pool() {
    return onHost
        ? StatePool.hostFootprint(format, segments)
        : StatePool.footprint(format, places());
  }
}
