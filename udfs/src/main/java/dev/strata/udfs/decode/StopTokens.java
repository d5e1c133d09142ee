package dev.strata.udfs.decode;

import java.util.Arrays;
import java.util.Set;

/** Ends generation with any of a few tokens. */
final class StopTokens implements StopCondition {

  private final int[] sortedIds;

  StopTokens(Set<Integer> ids) {
    sortedIds = ids.stream().mapToInt(Integer::intValue).sorted().toArray();
  }

  @Override
  public boolean stops(int[] generated, int count) {
    return Arrays.binarySearch(sortedIds, generated[count - 1]) >= 0;
  }
}
