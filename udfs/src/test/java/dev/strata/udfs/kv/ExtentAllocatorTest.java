package dev.strata.udfs.kv;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ExtentAllocatorTest {

  private static Extent reserve(ExtentAllocator allocator, int tokens) {
    return allocator.reserve(tokens).orElseThrow();
  }

  @Test
  void extentsLieSideBySide() {
    ExtentAllocator allocator = new ExtentAllocator(List.of(10));
    assertThat(reserve(allocator, 3)).isEqualTo(new Extent(0, 3));
    assertThat(reserve(allocator, 4)).isEqualTo(new Extent(3, 4));
    assertThat(reserve(allocator, 3)).isEqualTo(new Extent(7, 3));
    assertThat(allocator.reserve(1)).isEmpty();
  }

  @Test
  void theWholePoolCanBeOneExtent() {
    ExtentAllocator allocator = new ExtentAllocator(List.of(10));
    assertThat(allocator.reserve(11)).isEmpty();
    Extent all = reserve(allocator, 10);
    allocator.release(all);
    assertThat(reserve(allocator, 10)).isEqualTo(all);
    assertThat(allocator.capacity()).isEqualTo(10);
  }

  @Test
  void theFirstRunThatIsLongEnoughIsTaken() {
    ExtentAllocator allocator = new ExtentAllocator(List.of(10));
    Extent two = reserve(allocator, 2);
    reserve(allocator, 1);
    Extent three = reserve(allocator, 3);
    reserve(allocator, 1);
    allocator.release(two);
    allocator.release(three);
    assertThat(reserve(allocator, 3).begin()).isEqualTo(3);
    assertThat(reserve(allocator, 1).begin()).isZero();
    assertThat(reserve(allocator, 2).begin()).isEqualTo(7);
  }

  @Test
  void freeTokensInPiecesAreNoExtent() {
    ExtentAllocator allocator = new ExtentAllocator(List.of(9));
    List<Extent> ones = new ArrayList<>();
    for (int i = 0; i < 9; i++) {
      ones.add(reserve(allocator, 1));
    }
    for (int i = 0; i < 9; i += 2) {
      allocator.release(ones.get(i));
    }
    assertThat(allocator.reserve(2)).isEmpty();
    allocator.release(ones.get(3));
    assertThat(reserve(allocator, 3)).isEqualTo(new Extent(2, 3));
  }

  @ParameterizedTest
  @ValueSource(strings = {"012", "021", "102", "120", "201", "210"})
  void neighboursJoinInAnyOrderOfRelease(String order) {
    ExtentAllocator allocator = new ExtentAllocator(List.of(9));
    List<Extent> extents =
        List.of(reserve(allocator, 2), reserve(allocator, 3), reserve(allocator, 4));
    order.chars().forEach(i -> allocator.release(extents.get(i - '0')));
    assertThat(reserve(allocator, 9).begin()).isZero();
  }

  @Test
  void whatIsFreeCannotBeReleased() {
    ExtentAllocator allocator = new ExtentAllocator(List.of(10));
    Extent first = reserve(allocator, 4);
    reserve(allocator, 2);
    allocator.release(first);
    for (Extent free : List.of(first, new Extent(1, 2), new Extent(3, 2), new Extent(5, 2))) {
      assertThatThrownBy(() -> allocator.release(free))
          .as("%s", free)
          .isInstanceOf(IllegalStateException.class)
          .hasMessage(free + " is free already");
    }
    assertThat(reserve(allocator, 4)).isEqualTo(first);
    assertThat(reserve(allocator, 4)).isEqualTo(new Extent(6, 4));
    assertThat(allocator.reserve(1)).isEmpty();
  }

  @Test
  void noExtentCrossesFromOneSegmentToTheNext() {
    ExtentAllocator allocator = new ExtentAllocator(List.of(4, 6, 4));
    assertThat(allocator.capacity()).isEqualTo(14);
    assertThat(allocator.reserve(7)).isEmpty();
    assertThat(reserve(allocator, 3)).isEqualTo(new Extent(0, 3));
    assertThat(reserve(allocator, 3)).isEqualTo(new Extent(4, 3));
    assertThat(reserve(allocator, 3)).isEqualTo(new Extent(7, 3));
    assertThat(reserve(allocator, 1)).isEqualTo(new Extent(3, 1));
    assertThat(reserve(allocator, 4)).isEqualTo(new Extent(10, 4));
    // All is released, in an order in which neighbours of other segments are free.
    for (Extent extent :
        List.of(
            new Extent(3, 1),
            new Extent(4, 3),
            new Extent(10, 4),
            new Extent(7, 3),
            new Extent(0, 3))) {
      allocator.release(extent);
    }
    assertThat(allocator.reserve(7)).isEmpty();
    assertThat(reserve(allocator, 6)).isEqualTo(new Extent(4, 6));
  }

  /** Against a bit for each slot: the same extents at the same places. */
  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
  void behavesLikeAMapOfBits(long seed) {
    Random random = new Random(seed);
    List<Integer> segments =
        IntStream.range(0, 1 + random.nextInt(4)).mapToObj(i -> 1 + random.nextInt(200)).toList();
    int capacity = segments.stream().mapToInt(Integer::intValue).sum();
    ExtentAllocator allocator = new ExtentAllocator(segments);
    BitSet used = new BitSet();
    List<Extent> held = new ArrayList<>();
    for (int step = 0; step < 3000; step++) {
      if (held.isEmpty() || random.nextInt(5) < 3) {
        int tokens = 1 + random.nextInt(Math.max(1, capacity / 4));
        Optional<Extent> extent = allocator.reserve(tokens);
        assertThat(extent).isEqualTo(firstFit(used, segments, tokens));
        extent.ifPresent(held::add);
        extent.ifPresent(e -> used.set(e.begin(), e.end()));
      } else {
        Extent extent = held.remove(random.nextInt(held.size()));
        allocator.release(extent);
        used.clear(extent.begin(), extent.end());
      }
    }
  }

  private static Optional<Extent> firstFit(BitSet used, List<Integer> segments, int tokens) {
    int first = 0;
    for (int segment : segments) {
      Optional<Extent> found = firstFit(used, first, first + segment, tokens);
      if (found.isPresent()) {
        return found;
      }
      first += segment;
    }
    return Optional.empty();
  }

  private static Optional<Extent> firstFit(BitSet used, int first, int capacity, int tokens) {
    for (int begin = used.nextClearBit(first); begin + tokens <= capacity; ) {
      int end = used.nextSetBit(begin);
      if (end < 0 || end >= begin + tokens) {
        return Optional.of(new Extent(begin, tokens));
      }
      begin = used.nextClearBit(end);
    }
    return Optional.empty();
  }
}
