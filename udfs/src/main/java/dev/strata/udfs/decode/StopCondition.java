package dev.strata.udfs.decode;

import java.util.Set;

/**
 * Whether one row's generation ends. Asked after every new token, with the same tokens and one more
 * from call to call, not always in the same array; an instance belongs to one row and may remember
 * what it has seen.
 */
@FunctionalInterface
public interface StopCondition {

  /**
   * Whether generation ends with the newest token, {@code generated[count - 1]}.
   *
   * @param generated the row's generated tokens in {@code [0, count)}; not to be changed
   * @param count at least 1
   */
  boolean stops(int[] generated, int count);

  /** Never ends. */
  static StopCondition never() {
    return (generated, count) -> false;
  }

  /** Ends with any of these tokens. */
  static StopCondition tokens(Set<Integer> ids) {
    return ids.isEmpty() ? never() : new StopTokens(ids);
  }

  /** Ends when either ends. The other is asked only where this one goes on. */
  default StopCondition or(StopCondition other) {
    return (generated, count) -> stops(generated, count) || other.stops(generated, count);
  }
}
