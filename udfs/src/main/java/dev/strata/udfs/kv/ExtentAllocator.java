package dev.strata.udfs.kv;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Gives out runs of token slots, first fit, and joins what comes back with free neighbours. Slots
 * are numbered through all segments, and no run crosses from one to the next.
 */
final class ExtentAllocator {

  // Free runs: first slot to number of slots; no two of a segment touch.
  private final TreeMap<Integer, Integer> free = new TreeMap<>();
  private final TreeMap<Integer, Integer> segments = new TreeMap<>();
  private final int capacity;

  /**
   * @param segmentTokens slots of each segment
   */
  ExtentAllocator(List<Integer> segmentTokens) {
    int begin = 0;
    for (int tokens : segmentTokens) {
      segments.put(begin, tokens);
      free.put(begin, tokens);
      begin += tokens;
    }
    this.capacity = begin;
  }

  int capacity() {
    return capacity;
  }

  Optional<Extent> reserve(int tokens) {
    for (Map.Entry<Integer, Integer> run : free.entrySet()) {
      if (run.getValue() >= tokens) {
        return Optional.of(take(run.getKey(), run.getValue(), tokens));
      }
    }
    return Optional.empty();
  }

  private Extent take(int begin, int available, int tokens) {
    free.remove(begin);
    if (available > tokens) {
      free.put(begin + tokens, available - tokens);
    }
    return new Extent(begin, tokens);
  }

  void release(Extent extent) {
    int begin = extent.begin();
    int end = extent.end();
    Map.Entry<Integer, Integer> before = free.floorEntry(begin);
    Map.Entry<Integer, Integer> after = free.ceilingEntry(begin);
    if ((before != null && before.getKey() + before.getValue() > begin)
        || (after != null && after.getKey() < end)) {
      throw new IllegalStateException(extent + " is free already");
    }
    if (before != null
        && before.getKey() + before.getValue() == begin
        && !segments.containsKey(begin)) {
      begin = before.getKey();
    }
    if (after != null && after.getKey() == end && !segments.containsKey(end)) {
      end += free.remove(after.getKey());
    }
    free.put(begin, end - begin);
  }
}
