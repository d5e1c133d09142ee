package dev.strata.udfs.kv;

import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** Gives out runs of token slots, first fit, and joins what comes back with free neighbours. */
final class ExtentAllocator {

  // Free runs: first slot to number of slots; no two of them touch.
  private final TreeMap<Integer, Integer> free = new TreeMap<>();
  private final int capacity;
  private int freeTokens;

  ExtentAllocator(int capacity) {
    this.capacity = capacity;
    this.freeTokens = capacity;
    free.put(0, capacity);
  }

  int capacity() {
    return capacity;
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

  void release(Extent extent) {
    int begin = extent.begin();
    int end = extent.end();
    Map.Entry<Integer, Integer> before = free.floorEntry(begin);
    Map.Entry<Integer, Integer> after = free.ceilingEntry(begin);
    if ((before != null && before.getKey() + before.getValue() > begin)
        || (after != null && after.getKey() < end)) {
      throw new IllegalStateException(extent + " is free already");
    }
    if (before != null && before.getKey() + before.getValue() == begin) {
      begin = before.getKey();
    }
    if (after != null && after.getKey() == end) {
      end += free.remove(after.getKey());
    }
    free.put(begin, end - begin);
    freeTokens += extent.tokens();
  }
}
