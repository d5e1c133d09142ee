package dev.strata.udfs.kv;

import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Gives out runs of token slots, first fit, and joins what comes back with free neighbours. An
 * extent lies in one segment.
 */
final class ExtentAllocator {

  // Free runs: first slot to number of slots; no two of them touch but where segments do.
  private final TreeMap<Integer, Integer> free = new TreeMap<>();
  private final TreeSet<Integer> segmentEnds = new TreeSet<>();
  private final int longest;
  private int freeTokens;

  /**
   * @param segmentTokens slots of each segment, which lie one behind the other
   */
  ExtentAllocator(int... segmentTokens) {
    int most = 0;
    for (int tokens : segmentTokens) {
      free.put(capacity(), tokens);
      segmentEnds.add(capacity() + tokens);
      most = Math.max(most, tokens);
    }
    this.longest = most;
    this.freeTokens = capacity();
  }

  int capacity() {
    return segmentEnds.isEmpty() ? 0 : segmentEnds.last();
  }

  /** Slots of the longest extent that can ever be. */
  int longestExtent() {
    return longest;
  }

  int freeTokens() {
    return freeTokens;
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
    freeTokens -= tokens;
    return new Extent(begin, tokens);
  }

  /** A longer extent at the same place, or empty where the slots behind are not free. */
  Optional<Extent> grow(Extent extent, int tokens) {
    int more = tokens - extent.tokens();
    Integer behind = free.get(extent.end());
    if (behind == null || behind < more || segmentEnds.contains(extent.end())) {
      return Optional.empty();
    }
    take(extent.end(), behind, more);
    return Optional.of(new Extent(extent.begin(), tokens));
  }

  /**
   * Another extent in exchange for one, which it may overlap and then begins before it, or empty
   * where there is no room; the one given stays then.
   */
  Optional<Extent> exchange(Extent extent, int tokens) {
    release(extent);
    Optional<Extent> other = reserve(tokens);
    if (other.isEmpty()) {
      takeBack(extent);
    }
    return other;
  }

  private void takeBack(Extent extent) {
    Map.Entry<Integer, Integer> run = free.floorEntry(extent.begin());
    int end = run.getKey() + run.getValue();
    free.remove(run.getKey());
    if (run.getKey() < extent.begin()) {
      free.put(run.getKey(), extent.begin() - run.getKey());
    }
    if (end > extent.end()) {
      free.put(extent.end(), end - extent.end());
    }
    freeTokens -= extent.tokens();
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
        && !segmentEnds.contains(begin)) {
      begin = before.getKey();
    }
    if (after != null && after.getKey() == end && !segmentEnds.contains(end)) {
      end += free.remove(after.getKey());
    }
    free.put(begin, end - begin);
    freeTokens += extent.tokens();
  }
}
