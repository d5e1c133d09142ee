package dev.strata.udfs.tensor;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class HostArenaTest extends KernelFixture {

  private static final long GIB = 1L << 30;
  private static final int PAGE = HostArena.ALIGNMENT;

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5})
  void placesAreAlignedApartAndTheTensors(long seed) {
    Random sizes = new Random(seed);
    List<Long> bytes = sizes.longs(40, 0, 5000).map(size -> 4 + size / 4 * 4).boxed().toList();
    try (HostArena arena =
        new HostArena(device, "test", NumberType.FLOAT32, bytes, true, place -> 0)) {
      assertThat(arena.places()).isEqualTo(40);
      for (int i = 0; i < 40; i++) {
        ByteBuffer place = arena.buffer(i);
        assertThat(arena.buffer(i)).isSameAs(place);
        assertThat((long) place.capacity()).isEqualTo(bytes.get(i));
        assertThat(arena.tensor(i).bytes()).isEqualTo(bytes.get(i));
        assertThat(place.alignmentOffset(0, PAGE)).as("place %d", i).isZero();
        for (int b = 0; b < place.capacity(); b++) {
          place.put(b, (byte) i);
        }
      }
      for (int i = 0; i < 40; i++) {
        assertThat(kernels.toFloats(arena.tensor(i)))
            .as("place %d", i)
            .containsOnly(Float.intBitsToFloat(i * 0x01010101));
      }
    }
  }

  @Test
  void theAccountHasWhatWasForetold() {
    List<Long> sizes = List.of(10_000L, 4096L, 1L, 70_000L);
    try (ComputeDevice own = ComputeDevice.open("cpu", "float32", 1)) {
      new HostArena(own, "test", NumberType.UINT8, sizes, true, place -> 0).close();
      assertThat(own.peakHostBytes()).isEqualTo(HostArena.bytes(sizes, false, true));
      // Whole pages, and one to align the first.
      assertThat(own.peakHostBytes()).isEqualTo(PAGE * (3 + 1 + 1 + 18 + 1L));
    }
  }

  @Test
  void noPlacesTakeNothing() {
    assertThat(HostArena.bytes(List.of(), true, true)).isZero();
    try (HostArena arena = device.hostArena("test", NumberType.UINT8, List.of())) {
      assertThat(arena.places()).isZero();
    }
  }

  /** Pinned pieces are powers of two, of at most a gibibyte unless a place is larger. */
  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4})
  void pinnedPiecesArePowersOfTwo(long seed) {
    Random random = new Random(seed);
    List<Long> sizes = new ArrayList<>();
    long pages = 0;
    long expected = 0;
    long piece = 0;
    for (int i = 0; i < 200; i++) {
      long size = 1L + random.nextInt(1 << (1 + random.nextInt(28)));
      sizes.add(size);
      if (piece > 0 && piece + size > GIB) {
        expected += powerOfTwo(piece);
        piece = 0;
      }
      piece += (size + PAGE - 1) / PAGE * PAGE;
      pages += (size + PAGE - 1) / PAGE * PAGE;
    }
    expected += powerOfTwo(piece);
    assertThat(HostArena.bytes(sizes, true, false))
        .isEqualTo(expected)
        .isGreaterThanOrEqualTo(pages);
  }

  private static long powerOfTwo(long bytes) {
    long power = PAGE;
    while (power < bytes) {
      power *= 2;
    }
    return power;
  }

  @Test
  void onePlaceOfAPowerOfTwoIsNotRoundedUp() {
    assertThat(HostArena.bytes(List.of(1L << 20), true, false)).isEqualTo(1 << 20);
    assertThat(HostArena.bytes(List.of(1L), true, false)).isEqualTo(PAGE);
    assertThat(HostArena.bytes(List.of(GIB), true, false)).isEqualTo(GIB);
    assertThat(HostArena.bytes(List.of(GIB, 1L), true, false)).isEqualTo(GIB + PAGE);
  }

  @ParameterizedTest
  @ValueSource(
      longs = {1, 4095, 4096, 70_001, GIB / 3, GIB / 2 - PAGE, GIB / 2, GIB - PAGE, GIB, 3 * GIB})
  void placesOfOneSizeTakeWhatTheyTakeOneByOne(long size) {
    for (int places : new int[] {0, 1, 2, 3, 4, 7, 300, 20_000}) {
      for (boolean pinned : new boolean[] {true, false}) {
        for (boolean aligned : new boolean[] {true, false}) {
          assertThat(HostArena.bytes(places, size, pinned, aligned))
              .as("%d places, pinned %s, aligned %s", places, pinned, aligned)
              .isEqualTo(HostArena.bytes(Collections.nCopies(places, size), pinned, aligned));
        }
      }
    }
  }

  @Test
  void tilesThatStayHavePlacesBehindTheRing() {
    try (HostTiles tiles =
        new HostTiles(device, NumberType.FLOAT32, 3, 4000, Map.of(7, 800L, 2, 1200L), true)) {
      assertThat(tiles.ringPlaces()).isEqualTo(3);
      assertThat(tiles.residentPlace(2)).isEqualTo(3);
      assertThat(tiles.residentPlace(7)).isEqualTo(4);
      assertThat(tiles.residentPlace(3)).isEqualTo(HostTiles.NONE);
      assertThat(tiles.buffer(2).capacity()).isEqualTo(4000);
      assertThat(tiles.buffer(3).capacity()).isEqualTo(1200);
      assertThat(tiles.buffer(4).capacity()).isEqualTo(800);
      assertThat(tiles.buffer(4).isDirect()).isTrue();
      tiles.buffer(4).asFloatBuffer().put(new float[] {1.5f, -2});
      assertThat(kernels.toFloats(tiles.tensor(4))).startsWith(1.5f, -2).hasSize(200);
    }
    assertThat(HostTiles.ring(3, 4000, false).bytes(Footprint.Place.HOST)).isEqualTo(4L * PAGE);
    assertThat(HostTiles.residentBytes(Map.of(7, 800L, 2, 1200L), false, true))
        .isEqualTo(3L * PAGE);
  }

  /** Registered memory begins where the C library put it, 16 bytes behind a page. */
  @Test
  void placesThatStartWithAPageHaveRoomForThat() {
    assertThat(HostArena.bytes(List.of(1L << 20), true, true)).isEqualTo(2 << 20);
    assertThat(HostArena.bytes(List.of(GIB / 2, GIB / 2), true, false)).isEqualTo(GIB);
    assertThat(HostArena.bytes(List.of(GIB / 2, GIB / 2), true, true)).isEqualTo(2 * GIB);
  }
}
