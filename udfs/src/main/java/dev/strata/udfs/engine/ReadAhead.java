package dev.strata.udfs.engine;

import dev.strata.udfs.tensor.Footprint;

/**
 * How much a task reads ahead of an engine's wave, so that whoever leaves it has a successor.
 *
 * @param rows unfinished ones at most
 * @param bytes after which no row is read ahead: of unfinished ones, and of the prompts of those
 *     that wait; one row more may be large
 */
public record ReadAhead(int rows, long bytes) {

  private static final String OWNER = "rows read ahead";

  private static final int WAVES = 2;
  private static final int LEAST_ROWS = 4096;
  private static final long LEAST_BYTES = 256L << 20;
  private static final long ROW_BYTES = 16 << 10;
  private static final long MOST_BYTES = 1L << 30;

  /** Two waves; of usual ones, some more. */
  static ReadAhead of(int waveRows) {
    int rows = (int) Math.max(LEAST_ROWS, Math.min(Integer.MAX_VALUE, (long) WAVES * waveRows));
    long bytes = LEAST_BYTES + (rows - LEAST_ROWS) * ROW_BYTES;
    return new ReadAhead(rows, Math.min(MOST_BYTES, bytes));
  }

  /** What a task has beyond what it has beside any engine. */
  static Footprint footprint(int waveRows) {
    long more = of(waveRows).bytes() - LEAST_BYTES;
    return more == 0 ? Footprint.NONE : Footprint.host(OWNER, more);
  }
}
