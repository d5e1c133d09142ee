package dev.strata.udfs.decode;

import dev.strata.udfs.api.Sha256;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;

/**
 * The random numbers of one row. They depend on the run's seed, the row's id and the token's
 * position, on nothing else: a retry, another wave or another partitioning draws the same ones.
 */
public final class RowSeed {

  /** The increment of SplitMix64, 2^64 divided by the golden ratio, made odd. */
  private static final long GOLDEN_GAMMA = 0x9E3779B97F4A7C15L;

  private RowSeed() {}

  /**
   * A row's seed: the first 8 bytes, big-endian, of SHA-256 over the run's seed (8 bytes,
   * big-endian) and the id in UTF-8. The same on every JVM and in every version.
   */
  public static long of(long runSeed, String rowId) {
    byte[] run = ByteBuffer.allocate(Long.BYTES).putLong(runSeed).array();
    byte[] id = rowId.getBytes(StandardCharsets.UTF_8);
    return ByteBuffer.wrap(new Sha256().addBytes(run).addBytes(id).bytes()).getLong();
  }

  /**
   * The uniform number in [0, 1) for a position, 0-based, as a multiple of 2^-53. It is the output
   * number {@code position} of SplitMix64 started at {@code seed}, computed without those before
   * it.
   */
  public static double uniform(long seed, int position) {
    return (mix(seed + (position + 1L) * GOLDEN_GAMMA) >>> 11) * 0x1p-53;
  }

  /**
   * The finalizer of SplitMix64: Steele, Lea, Flood, "Fast Splittable Pseudorandom Number
   * Generators" (OOPSLA 2014), with the constants of Stafford's variant 13, as in Vigna's
   * splitmix64.c.
   */
  private static long mix(long value) {
    long z = (value ^ (value >>> 30)) * 0xBF58476D1CE4E5B9L;
    z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
    return z ^ (z >>> 31);
  }
}
