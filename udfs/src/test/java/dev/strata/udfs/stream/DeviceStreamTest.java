package dev.strata.udfs.stream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Tiles on their way from the source through host memory to a device. */
@Timeout(60)
class DeviceStreamTest {

  private static List<TileUse> sweep(int tiles) {
    return passes(0, tiles, 1);
  }

  /** Tiles that pass so many times, one after the other each time. */
  private static List<TileUse> passes(int first, int end, int passes) {
    List<TileUse> uses = new ArrayList<>();
    for (int pass = 0; pass < passes; pass++) {
      for (int tile = first; tile < end; tile++) {
        uses.add(new TileUse(tile, pass == 0, pass == passes - 1));
      }
    }
    return uses;
  }

  private static void check(TileStreamer.Lease lease, ControlledTiles tiles, LazyDevice device) {
    assertThat(device.inPlace(lease.place()))
        .as("bytes of tile %d, use %d", lease.tile(), lease.count())
        .isEqualTo(tiles.expected(lease.tile()));
    assertThat(lease.offset()).isZero();
  }

  /** Takes uses in the order of the demand, holding a few at a time. */
  private static void takeAll(
      TileStreamer streamer,
      List<TileUse> uses,
      ControlledTiles tiles,
      LazyDevice device,
      Random random)
      throws IOException {
    Deque<TileStreamer.Lease> held = new ArrayDeque<>();
    for (TileUse use : uses) {
      while (held.size() == device.count() || (!held.isEmpty() && random.nextInt(3) > 0)) {
        check(held.element(), tiles, device);
        held.remove().close();
      }
      held.add(streamer.next());
      assertThat(held.getLast().tile()).isEqualTo(use.tile());
      check(held.getLast(), tiles, device);
    }
    for (TileStreamer.Lease lease : held) {
      check(lease, tiles, device);
      lease.close();
    }
  }

  @ParameterizedTest
  @CsvSource({"1, 2, 2", "5, 2, 2", "5, 3, 2", "5, 2, 7", "5, 16, 16"})
  void tilesPassThroughBothRings(int count, int hostPlaces, int devicePlaces) throws IOException {
    ControlledTiles tiles = new ControlledTiles(count, hostPlaces);
    LazyDevice device = new LazyDevice(tiles, devicePlaces);
    try (TileStreamer streamer = new TileStreamer(tiles, tiles, device, tiles)) {
      for (int i = 0; i < 20; i++) {
        streamer.demand(sweep(count));
        takeAll(streamer, sweep(count), tiles, device, new Random(i));
      }
    }
    assertThat(device.problems()).isEmpty();
    assertThat(tiles.outOfOrder()).isNull();
    assertThat(tiles.readsEnded()).isEqualTo(20L * count);
    assertThat(device.copies()).isEqualTo(20 * count);
  }

  @Test
  void aTileThatPassesAgainIsCopiedAgainAndReadOnce() throws IOException {
    ControlledTiles tiles = new ControlledTiles(6, 5);
    LazyDevice device = new LazyDevice(tiles, 2);
    List<TileUse> uses = new ArrayList<>(passes(0, 3, 4));
    uses.addAll(passes(3, 6, 3));
    try (TileStreamer streamer = new TileStreamer(tiles, tiles, device, tiles)) {
      for (int i = 0; i < 5; i++) {
        streamer.demand(uses);
        takeAll(streamer, uses, tiles, device, new Random(i));
      }
    }
    assertThat(device.problems()).isEmpty();
    assertThat(tiles.readsEnded()).isEqualTo(5L * 6);
    assertThat(device.copies()).isEqualTo(5 * (3 * 4 + 3 * 3));
  }

  /** All tiles but one stay: its place in the ring is needed for as good as nothing. */
  @ParameterizedTest
  @ValueSource(ints = {0, 3, 7})
  void tilesThatStayAreReadOnce(int passing) throws IOException {
    ControlledTiles tiles = new ControlledTiles(8, 2);
    for (int tile = 0; tile < 8; tile++) {
      if (tile != passing) {
        tiles.resident(tile);
      }
    }
    LazyDevice device = new LazyDevice(tiles, 3);
    try (TileStreamer streamer = new TileStreamer(tiles, tiles, device, tiles)) {
      for (int i = 0; i < 10; i++) {
        streamer.demand(sweep(8));
        takeAll(streamer, sweep(8), tiles, device, new Random(i));
      }
    }
    assertThat(device.problems()).isEmpty();
    assertThat(tiles.readsEnded()).isEqualTo(7 + 10);
    assertThat(tiles.read()).filteredOn(tile -> tile != passing).hasSize(7);
  }

  /** Random stages, passes, residents and rings. */
  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12})
  void programsOfAnyKindKeepTheirBytes(long seed) throws IOException {
    Random random = new Random(seed);
    int count = 1 + random.nextInt(12);
    int stage = 1 + random.nextInt(count);
    boolean again = random.nextBoolean();
    int hostPlaces = (again ? stage + 1 : 1) + 1 + random.nextInt(4);
    ControlledTiles tiles = new ControlledTiles(count, hostPlaces);
    int residents = 0;
    for (int tile = 0; tile < count; tile++) {
      if (random.nextInt(3) == 0) {
        tiles.resident(tile);
        residents++;
      }
    }
    LazyDevice device = new LazyDevice(tiles, 2 + random.nextInt(4));
    int sweeps = 30;
    int copies = 0;
    try (TileStreamer streamer = new TileStreamer(tiles, tiles, device, tiles)) {
      for (int i = 0; i < sweeps; i++) {
        List<TileUse> uses = new ArrayList<>();
        for (int first = 0; first < count; first += stage) {
          int passes = again ? 1 + random.nextInt(4) : 1;
          uses.addAll(passes(first, Math.min(count, first + stage), passes));
        }
        copies += uses.size();
        // A part is demanded ahead of the rest, as a sweep's first tiles are.
        int ahead = random.nextInt(uses.size() + 1);
        streamer.demand(uses.subList(0, ahead));
        streamer.demand(uses.subList(ahead, uses.size()));
        takeAll(streamer, uses, tiles, device, random);
      }
    }
    assertThat(device.problems()).isEmpty();
    assertThat(tiles.outOfOrder()).isNull();
    assertThat(tiles.readsEnded()).isEqualTo(residents + (long) sweeps * (count - residents));
    assertThat(device.copies()).isEqualTo(copies);
  }

  /** On the host, the computing thread has the ring's own places. */
  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6})
  void tilesThatStayOnTheHostAreUsedWhereTheyAre(long seed) throws IOException {
    Random random = new Random(seed);
    int count = 2 + random.nextInt(10);
    ControlledTiles tiles = new ControlledTiles(count, 2 + random.nextInt(4));
    tiles.resident(random.nextInt(count));
    try (TileStreamer streamer = new TileStreamer(tiles, tiles, null, tiles)) {
      for (int i = 0; i < 30; i++) {
        streamer.demand(sweep(count));
        for (int tile = 0; tile < count; tile++) {
          try (TileStreamer.Lease lease = streamer.next()) {
            assertThat(lease.tile()).isEqualTo(tile);
            assertThat(tiles.inPlace(lease.place(), lease.offset(), tile))
                .isEqualTo(tiles.expected(tile));
          }
        }
      }
    }
    assertThat(tiles.readsEnded()).isEqualTo(1 + 30L * (count - 1));
  }

  /**
   * Some of what is demanded is taken back, read or not, and places of those that stay change
   * hands; on a device, and on the host.
   */
  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10})
  void whatIsRetractedIsNotGivenOut(long seed) throws IOException {
    Random random = new Random(seed);
    int count = 4 + random.nextInt(12);
    ControlledTiles tiles = new ControlledTiles(count, 2 + random.nextInt(4));
    List<Integer> residents = new ArrayList<>(IntStream.range(0, count / 3).boxed().toList());
    residents.forEach(tiles::resident);
    LazyDevice device = new LazyDevice(tiles, 2 + random.nextInt(6));
    Set<Integer> coming = Set.of();
    int vain = 0;
    try (TileStreamer streamer =
        new TileStreamer(tiles, tiles, seed % 3 == 0 ? null : device, tiles)) {
      for (int i = 0; i < 60; i++) {
        List<Integer> order = new ArrayList<>(IntStream.range(0, count).boxed().toList());
        Collections.shuffle(order, random);
        exchange(streamer, order, residents, coming);
        List<Integer> certain = order.subList(0, 1 + random.nextInt(count / 2));
        List<Integer> ahead = order.subList(certain.size(), count - random.nextInt(2));
        List<Integer> last = order.subList(certain.size() + ahead.size(), count);
        // What is still on its way can be demanded, but not retracted once more.
        List<Integer> onTheirWay = List.copyOf(coming);
        List<Integer> gone =
            ahead.stream().filter(t -> random.nextBoolean() && !onTheirWay.contains(t)).toList();
        streamer.demand(uses(certain));
        streamer.demand(uses(ahead));
        int taken = random.nextInt(certain.size() + 1);
        take(streamer, certain.subList(0, taken), tiles, device);
        coming = streamer.retract(Set.copyOf(gone));
        assertThat(gone).containsAll(coming);
        vain += coming.size();
        streamer.demand(uses(last));
        take(streamer, certain.subList(taken, certain.size()), tiles, device);
        take(streamer, ahead.stream().filter(tile -> !gone.contains(tile)).toList(), tiles, device);
        take(streamer, last, tiles, device);
      }
    }
    assertThat(device.problems()).isEmpty();
    assertThat(tiles.outOfOrder()).isNull();
    assertThat(vain).isPositive();
  }

  /** The first that may of those that stay gives its place to the first other that may. */
  private static void exchange(
      TileStreamer streamer, List<Integer> order, List<Integer> residents, Set<Integer> coming) {
    List<Integer> free = order.stream().filter(tile -> !coming.contains(tile)).toList();
    for (int goes : free.stream().filter(residents::contains).limit(1).toList()) {
      for (int stays : free.stream().filter(t -> !residents.contains(t)).limit(1).toList()) {
        streamer.exchange(goes, stays);
        residents.set(residents.indexOf(goes), stays);
      }
    }
  }

  private static List<TileUse> uses(List<Integer> tiles) {
    return tiles.stream().map(tile -> new TileUse(tile, true, true)).toList();
  }

  private static void take(
      TileStreamer streamer, List<Integer> expected, ControlledTiles tiles, LazyDevice device)
      throws IOException {
    for (int tile : expected) {
      try (TileStreamer.Lease lease = streamer.next()) {
        assertThat(lease.tile()).isEqualTo(tile);
        byte[] there =
            device.copies() > 0
                ? device.inPlace(lease.place())
                : tiles.inPlace(lease.place(), lease.offset(), tile);
        assertThat(there).isEqualTo(tiles.expected(tile));
      }
    }
  }

  @Test
  void aSlowSourceDelaysAndNeverCorrupts() throws Exception {
    ControlledTiles tiles = new ControlledTiles(5, 3).gated();
    LazyDevice device = new LazyDevice(tiles, 3);
    try (TileStreamer streamer = new TileStreamer(tiles, tiles, device, tiles)) {
      streamer.demand(passes(0, 5, 1));
      streamer.demand(passes(0, 5, 1));
      for (int k = 0; k < 10; k++) {
        tiles.awaitReadsStarted(k + 1);
        assertThat(tiles.readsEnded()).isEqualTo(k);
        tiles.allowReads(1);
        // The use after it cannot be there, but its copy has started: it waits for the read.
        try (TileStreamer.Lease lease = streamer.next()) {
          assertThat(lease.tile()).isEqualTo(k % 5);
          check(lease, tiles, device);
        }
      }
    }
    assertThat(device.problems()).isEmpty();
  }

  @Test
  void aFailedReadReachesTheDevicesUserWithItsOwnMessage() throws IOException {
    IOException failure = new IOException("shard-2.safetensors ends before offset 4711");
    ControlledTiles tiles = new ControlledTiles(6, 2).failing(4, failure);
    LazyDevice device = new LazyDevice(tiles, 2);
    try (TileStreamer streamer = new TileStreamer(tiles, tiles, device, tiles)) {
      streamer.demand(sweep(6));
      assertThatThrownBy(() -> takeAll(streamer, sweep(6), tiles, device, new Random(1)))
          .isInstanceOf(IOException.class)
          .hasMessage(failure.getMessage())
          .hasRootCause(failure);
      assertThatThrownBy(streamer::next)
          .isInstanceOf(IOException.class)
          .hasMessage(failure.getMessage());
    }
  }

  @Test
  void closingEndsACopyThatWaitsForItsRead() throws Exception {
    ControlledTiles tiles = new ControlledTiles(4, 2).gated();
    TileStreamer streamer = new TileStreamer(tiles, tiles, new LazyDevice(tiles, 2), tiles);
    streamer.demand(sweep(4));
    tiles.awaitReadsStarted(1);
    Thread closing = new Thread(streamer::close);
    closing.start();
    while (closing.getState() != Thread.State.WAITING) {
      Thread.onSpinWait();
    }
    tiles.allowReads(1);
    closing.join();
    assertThatThrownBy(streamer::next).isInstanceOf(IllegalStateException.class);
  }
}
