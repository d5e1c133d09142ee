package dev.strata.udfs.engine;

/**
 * What a memory plan chooses; every component of an engine knows what it takes for it.
 *
 * @param tileBytes the most bytes of a tile
 * @param slots places of the ring of tiles in host memory
 * @param devicePlaces places of that on the device; 0 where kernels use tiles in host memory
 * @param blockTokens the most tokens of a micro-batch
 * @param sweepTokens the most tokens of a sweep
 * @param waveRows the most sequences in the wave
 * @param logitRows the most tokens of a sweep whose logits are kept in full
 * @param readRows the most rows of the head's input for tokens that are read, such as the
 *     log-probabilities of a given text's, besides one for each sequence
 * @param scores the most products of query rows with keys, for each head, that a thread's attention
 *     makes at once
 * @param kvSlotTokens tokens of a slot through which keys and values pass to the device; 0 where
 *     they stay there
 */
record PlanChoice(
    long tileBytes,
    int slots,
    int devicePlaces,
    int blockTokens,
    int sweepTokens,
    int waveRows,
    int logitRows,
    int readRows,
    long scores,
    int kvSlotTokens) {

  private static final int LARGEST_STAGED_ROWS = 1024;

  private static final int LEAST_HEAD_ROWS = 256;

  private static final int MOST_HEAD_ROWS = 4096;

  /** The least {@link #readRows}: one for a text's mean, which is kept in float32. */
  static final int LEAST_READ_ROWS = 2;

  /** The most rows that a tile of the head is multiplied with at once. */
  int headRowsAtOnce() {
    return Math.min(Math.min(blockTokens, MOST_HEAD_ROWS), Math.max(waveRows, LEAST_HEAD_ROWS));
  }

  /** Embedding rows that are read before they are copied to the device. */
  int stagedRows() {
    return Math.min(devicePlaces == 0 ? sweepTokens : blockTokens, LARGEST_STAGED_ROWS);
  }

  /** The same with micro-batches, and until it is planned anew sweeps, of so many tokens. */
  PlanChoice withBlock(int tokens) {
    return new PlanChoice(
        tileBytes,
        slots,
        devicePlaces,
        tokens,
        tokens,
        waveRows,
        logitRows,
        readRows,
        scores,
        kvSlotTokens);
  }

  /** The same with sweeps of so many tokens. */
  PlanChoice withSweep(int tokens) {
    return new PlanChoice(
        tileBytes,
        slots,
        devicePlaces,
        blockTokens,
        tokens,
        waveRows,
        logitRows,
        readRows,
        scores,
        kvSlotTokens);
  }

  /** The same with a wave of so many rows. */
  PlanChoice withWave(int rows) {
    return new PlanChoice(
        tileBytes,
        slots,
        devicePlaces,
        blockTokens,
        sweepTokens,
        rows,
        Math.min(logitRows, rows),
        readRows,
        scores,
        kvSlotTokens);
  }

  /** The same with keys and values that stay on the device. */
  PlanChoice withKvOnDevice() {
    return new PlanChoice(
        tileBytes,
        slots,
        devicePlaces,
        blockTokens,
        sweepTokens,
        waveRows,
        logitRows,
        readRows,
        scores,
        0);
  }
}
