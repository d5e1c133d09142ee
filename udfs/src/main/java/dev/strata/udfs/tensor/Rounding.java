package dev.strata.udfs.tensor;

/** How PyTorch's allocators round sizes up. */
public final class Rounding {

  private static final long DEVICE_UNIT = 2L << 20;

  private Rounding() {}

  /** Bytes that a piece of host memory takes: a power of two where it is pinned. */
  public static long host(long bytes, boolean pinned) {
    return pinned ? Long.highestOneBit(Math.max(1, bytes - 1)) << 1 : bytes;
  }

  /** Bytes that a large piece of the device's memory takes: whole units on a GPU. */
  public static long device(long bytes, boolean onGpu) {
    return onGpu ? (bytes + DEVICE_UNIT - 1) / DEVICE_UNIT * DEVICE_UNIT : bytes;
  }
}
