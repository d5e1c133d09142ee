package dev.strata.udfs.api;

import java.io.Serializable;

/**
 * Where the time of sweeps went. The first three add up to it.
 *
 * @param diskNanos nothing was computed nor copied, while weights were read
 * @param copyNanos nothing was computed, while something was copied to or from the device
 * @param computeNanos all other time, in which kernels run
 * @param limitNanos the time of what took longest of reading, copying and computing, which no
 *     overlap of them could have made shorter
 */
public record SweepTimes(long diskNanos, long copyNanos, long computeNanos, long limitNanos)
    implements Serializable {

  /** Of no sweep. */
  public static final SweepTimes NONE = new SweepTimes(0, 0, 0, 0);

  /** The time of the sweeps. */
  public long nanos() {
    return diskNanos + copyNanos + computeNanos;
  }

  /** Both together. */
  public SweepTimes plus(SweepTimes other) {
    return new SweepTimes(
        diskNanos + other.diskNanos,
        copyNanos + other.copyNanos,
        computeNanos + other.computeNanos,
        limitNanos + other.limitNanos);
  }

  /** The same without what was earlier. */
  public SweepTimes since(SweepTimes earlier) {
    return new SweepTimes(
        diskNanos - earlier.diskNanos,
        copyNanos - earlier.copyNanos,
        computeNanos - earlier.computeNanos,
        limitNanos - earlier.limitNanos);
  }

  /** As much of each as another time is of the sum of the first three. */
  public SweepTimes of(long nanos) {
    double part = (double) nanos / Math.max(1, nanos());
    long disk = Math.round(part * diskNanos);
    long copy = Math.round(part * copyNanos);
    return new SweepTimes(disk, copy, nanos - disk - copy, Math.round(part * limitNanos));
  }
}
