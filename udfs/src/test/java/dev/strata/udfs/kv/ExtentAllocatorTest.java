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
    ExtentAllocator allocator = new ExtentAllocator(10);
    assertThat(reserve(allocator, 3)).isEqualTo(new Extent(0, 3));
    assertThat(reserve(allocator, 4)).isEqualTo(new Extent(3, 4));
    assertThat(reserve(allocator, 3)).isEqualTo(new Extent(7, 3));
    assertThat(allocator.freeTokens()).isZero();
    assertThat(allocator.reserve(1)).isEmpty();
  }

  @Test
  void theWholePoolCanBeOneExtent() {
    ExtentAllocator allocator = new ExtentAllocator(10);
    assertThat(allocator.reserve(11)).isEmpty();
    Extent all = reserve(allocator, 10);
    allocator.release(all);
    assertThat(reserve(allocator, 10)).isEqualTo(all);
    assertThat(allocator.capacity()).isEqualTo(10);
  }

  @Test
  void theFirstRunThatIsLongEnoughIsTaken() {
    ExtentAllocator allocator = new ExtentAllocator(10);
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
    ExtentAllocator allocator = new ExtentAllocator(9);
    List<Extent> ones = new ArrayList<>();
    for (int i = 0; i < 9; i++) {
      ones.add(reserve(allocator, 1));
    }
    for (int i = 0; i < 9; i += 2) {
      allocator.release(ones.get(i));
    }
    assertThat(allocator.freeTokens()).isEqualTo(5);
    assertThat(allocator.reserve(2)).isEmpty();
    allocator.release(ones.get(3));
    assertThat(reserve(allocator, 3)).isEqualTo(new Extent(2, 3));
  }

  @ParameterizedTest
  @ValueSource(strings = {"012", "021", "102", "120", "201", "210"})
  void neighboursJoinInAnyOrderOfRelease(String order) {
    ExtentAllocator allocator = new ExtentAllocator(9);
    List<Extent> extents =
        List.of(reserve(allocator, 2), reserve(allocator, 3), reserve(allocator, 4));
    order.chars().forEach(i -> allocator.release(extents.get(i - '0')));
    assertThat(allocator.freeTokens()).isEqualTo(9);
    assertThat(reserve(allocator, 9).begin()).isZero();
  }

  @Test
  void whatIsFreeCannotBeReleased() {
    ExtentAllocator allocator = new ExtentAllocator(10);
    Extent first = reserve(allocator, 4);
    reserve(allocator, 2);
    allocator.release(first);
    for (Extent free : List.of(first, new Extent(1, 2), new Extent(3, 2), new Extent(5, 2))) {
      assertThatThrownBy(() -> allocator.release(free))
          .as("%s", free)
          .isInstanceOf(IllegalStateException.class)
          .hasMessage(free + " is free already");
    }
    assertThat(allocator.freeTokens()).isEqualTo(8);
  }

  @Test
  void anExtentGrowsIntoTheFreeSlotsBehindIt() {
    ExtentAllocator allocator = new ExtentAllocator(10);
    Extent first = reserve(allocator, 3);
    Extent second = reserve(allocator, 3);
    assertThat(allocator.grow(first, 4)).isEmpty();
    assertThat(allocator.grow(second, 8)).isEmpty();
    assertThat(allocator.grow(second, 7)).contains(new Extent(3, 7));
    allocator.release(new Extent(3, 7));
    assertThat(allocator.grow(first, 10)).contains(new Extent(0, 10));
    assertThat(allocator.freeTokens()).isZero();
  }

  @Test
  void anExtentIsExchangedForOneThatOverlapsIt() {
    ExtentAllocator allocator = new ExtentAllocator(10);
    Extent first = reserve(allocator, 3);
    Extent second = reserve(allocator, 5);
    allocator.release(first);
    assertThat(allocator.exchange(second, 11)).isEmpty();
    assertThat(allocator.freeTokens()).isEqualTo(5);
    assertThat(allocator.exchange(second, 9)).contains(new Extent(0, 9));
    assertThat(allocator.freeTokens()).isEqualTo(1);
  }

  @Test
  void extentsLieInOneSegment() {
    ExtentAllocator allocator = new ExtentAllocator(4, 6);
    assertThat(allocator.capacity()).isEqualTo(10);
    assertThat(allocator.longestExtent()).isEqualTo(6);
    assertThat(allocator.reserve(7)).isEmpty();
    Extent first = reserve(allocator, 4);
    assertThat(allocator.grow(first, 5)).isEmpty();
    Extent second = reserve(allocator, 6);
    assertThat(second.begin()).isEqualTo(4);
    allocator.release(first);
    allocator.release(second);
    assertThat(allocator.reserve(7)).isEmpty();
    assertThat(reserve(allocator, 5).begin()).isEqualTo(4);
  }

  /** Against a bit for each slot: the same extents at the same places. */
  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6})
  void behavesLikeAMapOfBits(long seed) {
    Random random = new Random(seed);
    int[] segments = random.ints(1 + random.nextInt(3), 1, 150).toArray();
    ExtentAllocator allocator = new ExtentAllocator(segments);
    Bits bits = new Bits(segments);
    int capacity = allocator.capacity();
    List<Extent> held = new ArrayList<>();
    for (int step = 0; step < 3000; step++) {
      int choice = random.nextInt(7);
      if (held.isEmpty() || choice < 3) {
        int tokens = 1 + random.nextInt(Math.max(1, capacity / 4));
        Optional<Extent> extent = allocator.reserve(tokens);
        assertThat(extent).isEqualTo(bits.firstFit(tokens));
        extent.ifPresent(held::add);
        extent.ifPresent(e -> bits.used.set(e.begin(), e.end()));
      } else {
        Extent extent = held.remove(random.nextInt(held.size()));
        bits.used.clear(extent.begin(), extent.end());
        int tokens = extent.tokens() + 1 + random.nextInt(10);
        Optional<Extent> other = Optional.of(extent);
        if (choice < 5) {
          allocator.release(extent);
          other = Optional.empty();
        } else if (choice == 5) {
          Extent larger = new Extent(extent.begin(), tokens);
          Optional<Extent> grown = allocator.grow(extent, tokens);
          assertThat(grown.isPresent()).isEqualTo(bits.isFree(larger));
          other = grown.isPresent() ? grown : other;
        } else {
          Optional<Extent> exchanged = allocator.exchange(extent, tokens);
          assertThat(exchanged).isEqualTo(bits.firstFit(tokens));
          other = exchanged.isPresent() ? exchanged : other;
        }
        other.ifPresent(held::add);
        other.ifPresent(e -> bits.used.set(e.begin(), e.end()));
      }
      assertThat(allocator.freeTokens()).isEqualTo(capacity - bits.used.cardinality());
    }
  }

  private static final class Bits {

    private final int[] segments;
    private final BitSet used = new BitSet();

    Bits(int[] segments) {
      this.segments = segments;
    }

    boolean isFree(Extent extent) {
      int end = 0;
      for (int tokens : segments) {
        end += tokens;
        if (extent.begin() < end) {
          int next = used.nextSetBit(extent.begin());
          return extent.end() <= end && (next < 0 || next >= extent.end());
        }
      }
      return false;
    }

    Optional<Extent> firstFit(int tokens) {
      return IntStream.range(0, IntStream.of(segments).sum())
          .mapToObj(begin -> new Extent(begin, tokens))
          .filter(this::isFree)
          .findFirst();
    }
  }
}
