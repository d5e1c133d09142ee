package dev.strata.udfs.engine;

import java.util.function.LongBinaryOperator;

/**
 * Bytes of an executor's memory.
 *
 * @param hostBytes outside the heap
 * @param deviceBytes on the device; 0 where that is the host
 */
public record MemoryShare(long hostBytes, long deviceBytes) {

  static final MemoryShare NONE = new MemoryShare(0, 0);

  MemoryShare plus(MemoryShare other) {
    return with(other, Long::sum);
  }

  MemoryShare minus(MemoryShare other) {
    return with(other, (a, b) -> a - b);
  }

  /** The smaller of the two, host and device apart. */
  MemoryShare least(MemoryShare other) {
    return with(other, Math::min);
  }

  private MemoryShare with(MemoryShare other, LongBinaryOperator operator) {
    return new MemoryShare(
        operator.applyAsLong(hostBytes, other.hostBytes),
        operator.applyAsLong(deviceBytes, other.deviceBytes));
  }

  /** Whether there is room for it in {@code room}. */
  boolean fitsIn(MemoryShare room) {
    return hostBytes <= room.hostBytes && deviceBytes <= room.deviceBytes;
  }
}
