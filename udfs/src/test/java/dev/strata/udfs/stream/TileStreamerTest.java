package dev.strata.udfs.stream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class TileStreamerTest {

  private static TileStreamer stream(ControlledTiles tiles) {
    return new TileStreamer(tiles, tiles, null, tiles);
  }

  /** Lets each tile pass so many times, all tiles after another. */
  private static void demandSweeps(TileStreamer streamer, ControlledTiles tiles, int sweeps) {
    for (int i = 0; i < sweeps; i++) {
      streamer.demand(sweep(tiles));
    }
  }

  private static List<TileUse> sweep(ControlledTiles tiles) {
    return IntStream.range(0, tiles.tiles()).mapToObj(t -> new TileUse(t, true, true)).toList();
  }

  /** Takes tiles one after the other and checks their numbers and bytes. */
  private static void takeAndCheck(
      TileStreamer streamer, ControlledTiles tiles, long first, long end) throws IOException {
    for (long k = first; k < end; k++) {
      try (TileStreamer.Lease lease = streamer.next()) {
        assertThat(lease.count()).isEqualTo(k);
        assertThat(lease.tile()).isEqualTo((int) (k % tiles.tiles()));
        assertThat(lease.place()).isEqualTo((int) (k % tiles.ringPlaces()));
        checkBytes(lease, tiles);
      }
    }
  }

  private static void checkBytes(TileStreamer.Lease lease, ControlledTiles tiles) {
    assertThat(tiles.inPlace(lease.place(), lease.offset(), lease.tile()))
        .as("bytes of tile %d", lease.count())
        .isEqualTo(tiles.expected(lease.tile()));
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 3, 5, 7, 16})
  void tilesComeInOrderAndWrapAround(int slots) throws IOException {
    ControlledTiles tiles = new ControlledTiles(5, slots);
    try (TileStreamer streamer = stream(tiles)) {
      demandSweeps(streamer, tiles, 4);
      takeAndCheck(streamer, tiles, 0, 20);
    }
    assertThat(tiles.outOfOrder()).isNull();
    assertThat(tiles.readsEnded()).isEqualTo(20);
  }

  @Test
  void aModelOfOneTileIsReadOverAndOver() throws IOException {
    ControlledTiles tiles = new ControlledTiles(1, 2);
    try (TileStreamer streamer = stream(tiles)) {
      demandSweeps(streamer, tiles, 9);
      takeAndCheck(streamer, tiles, 0, 9);
    }
    assertThat(tiles.readsEnded()).isEqualTo(9);
  }

  @Test
  void nothingIsReadBeyondTheDemand() throws IOException {
    ControlledTiles tiles = new ControlledTiles(3, 16);
    try (TileStreamer streamer = stream(tiles)) {
      for (int sweep = 1; sweep <= 3; sweep++) {
        demandSweeps(streamer, tiles, 1);
        takeAndCheck(streamer, tiles, 3L * (sweep - 1), 3L * sweep);
        tiles.awaitIdleReader();
        assertThat(tiles.readsStarted()).isEqualTo(3L * sweep);
      }
    }
  }

  @Test
  void nothingIsReadBeyondTheRing() {
    ControlledTiles tiles = new ControlledTiles(3, 4);
    try (TileStreamer streamer = stream(tiles)) {
      demandSweeps(streamer, tiles, 5);
      tiles.awaitReadsStarted(4);
      tiles.awaitIdleReader();
      assertThat(tiles.readsEnded()).isEqualTo(4);
    }
  }

  @Test
  void readingGoesOnIntoTheNextSweepBeforeThisOneIsUsed() throws IOException {
    ControlledTiles tiles = new ControlledTiles(4, 3);
    try (TileStreamer streamer = stream(tiles)) {
      demandSweeps(streamer, tiles, 2);
      takeAndCheck(streamer, tiles, 0, 3);
      try (TileStreamer.Lease last = streamer.next()) {
        assertThat(last.tile()).isEqualTo(3);
        tiles.awaitReadsStarted(6);
        tiles.awaitIdleReader();
        assertThat(tiles.readsEnded()).isEqualTo(6);
      }
    }
  }

  /** A demand may come in pieces of any length, and any of them before or after it is due. */
  @Test
  void aDemandMayComeInPieces() throws IOException {
    ControlledTiles tiles = new ControlledTiles(5, 3);
    try (TileStreamer streamer = stream(tiles)) {
      List<TileUse> sweep = sweep(tiles);
      streamer.demand(sweep.subList(0, 1));
      streamer.demand(List.of());
      streamer.demand(sweep.subList(1, 2));
      takeAndCheck(streamer, tiles, 0, 1);
      streamer.demand(sweep.subList(2, 5));
      takeAndCheck(streamer, tiles, 1, 5);
      streamer.demand(sweep);
      takeAndCheck(streamer, tiles, 5, 10);
    }
  }

  @Test
  void aTileThatWasNotDemandedIsRefused() throws IOException {
    ControlledTiles tiles = new ControlledTiles(2, 2);
    try (TileStreamer streamer = stream(tiles)) {
      assertThatThrownBy(streamer::next)
          .isInstanceOf(IllegalStateException.class)
          .hasMessage("use 0 was not demanded");
      demandSweeps(streamer, tiles, 1);
      takeAndCheck(streamer, tiles, 0, 2);
      assertThatThrownBy(streamer::next)
          .isInstanceOf(IllegalStateException.class)
          .hasMessage("use 2 was not demanded");
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {2, 3, 8})
  void theNextReadHasStartedWhenATileIsGiven(int slots) throws IOException {
    ControlledTiles tiles = new ControlledTiles(4, slots).gated();
    try (TileStreamer streamer = stream(tiles)) {
      demandSweeps(streamer, tiles, 50);
      for (int k = 0; k < 199; k++) {
        // Tile k may be read; the read of tile k + 1 may start but not end.
        tiles.allowReads(1);
        try (TileStreamer.Lease lease = streamer.next()) {
          assertThat(lease.count()).isEqualTo(k);
          assertThat(tiles.readsStarted()).isEqualTo(k + 2);
          assertThat(tiles.readsEnded()).isEqualTo(k + 1);
        }
      }
      tiles.allowReads(1);
      takeAndCheck(streamer, tiles, 199, 200);
    }
    assertThat(tiles.readsStarted()).isEqualTo(200);
  }

  @Test
  void aTileIsGivenThoughNoSlotIsFreeForTheNext() throws IOException {
    ControlledTiles tiles = new ControlledTiles(3, 2);
    try (TileStreamer streamer = stream(tiles)) {
      demandSweeps(streamer, tiles, 1);
      TileStreamer.Lease first = streamer.next();
      TileStreamer.Lease second = streamer.next();
      tiles.awaitIdleReader();
      assertThat(tiles.readsStarted()).isEqualTo(2);
      first.close();
      tiles.awaitReadsStarted(3);
      second.close();
      takeAndCheck(streamer, tiles, 2, 3);
    }
  }

  @Test
  void aSlowSourceDelaysAndNeverCorrupts() throws Exception {
    ControlledTiles tiles = new ControlledTiles(5, 3).gated();
    try (TileStreamer streamer = stream(tiles)) {
      demandSweeps(streamer, tiles, 6);
      CompletableFuture<Void> taken =
          CompletableFuture.runAsync(() -> unchecked(() -> takeAndCheck(streamer, tiles, 0, 30)));
      for (int k = 0; k < 30; k++) {
        tiles.awaitReadsStarted(k + 1);
        assertThat(tiles.readsEnded()).isEqualTo(k);
        assertThat(taken).isNotDone();
        tiles.allowReads(1);
      }
      taken.get();
    }
    assertThat(tiles.outOfOrder()).isNull();
  }

  /** Leases are held and given back at random, and their bytes stay as long as they are held. */
  @ParameterizedTest
  @ValueSource(ints = {2, 3, 6})
  void bytesStayAsLongAsTheLeaseIsHeld(int slots) throws IOException {
    Random random = new Random(slots);
    ControlledTiles tiles = new ControlledTiles(7, slots);
    try (TileStreamer streamer = stream(tiles)) {
      demandSweeps(streamer, tiles, 300);
      Deque<TileStreamer.Lease> held = new ArrayDeque<>();
      long taken = 0;
      while (taken < 2100 || !held.isEmpty()) {
        boolean full = held.size() == slots || taken == 2100;
        if (full || (!held.isEmpty() && random.nextBoolean())) {
          TileStreamer.Lease oldest = held.remove();
          checkBytes(oldest, tiles);
          oldest.close();
        } else {
          held.add(streamer.next());
          taken++;
        }
      }
    }
    assertThat(tiles.readsEnded()).isEqualTo(2100);
  }

  @Test
  void allSlotsButOneCanBeLeasedAndTheRestStillStreams() throws IOException {
    ControlledTiles tiles = new ControlledTiles(6, 4);
    try (TileStreamer streamer = stream(tiles)) {
      demandSweeps(streamer, tiles, 1);
      List<TileStreamer.Lease> leases = new ArrayList<>();
      for (int i = 0; i < 3; i++) {
        leases.add(streamer.next());
      }
      tiles.awaitReadsStarted(4);
      tiles.awaitIdleReader();
      leases.forEach(lease -> checkBytes(lease, tiles));
      leases.forEach(TileStreamer.Lease::close);
      takeAndCheck(streamer, tiles, 3, 6);
    }
  }

  @Test
  void aTileIsRefusedWhereAllSlotsAreLeased() throws IOException {
    ControlledTiles tiles = new ControlledTiles(5, 2);
    try (TileStreamer streamer = stream(tiles)) {
      demandSweeps(streamer, tiles, 1);
      TileStreamer.Lease first = streamer.next();
      TileStreamer.Lease second = streamer.next();
      assertThatThrownBy(streamer::next)
          .isInstanceOf(IllegalStateException.class)
          .hasMessage("all 2 slots are leased");
      first.close();
      second.close();
      takeAndCheck(streamer, tiles, 2, 5);
    }
  }

  /** A place is read into anew when all leases up to its own are closed. */
  @Test
  void aLeaseThatIsClosedEarlyWaitsForThoseBeforeIt() throws IOException {
    ControlledTiles tiles = new ControlledTiles(5, 3);
    try (TileStreamer streamer = stream(tiles)) {
      demandSweeps(streamer, tiles, 1);
      TileStreamer.Lease first = streamer.next();
      TileStreamer.Lease second = streamer.next();
      second.close();
      tiles.awaitReadsStarted(3);
      tiles.awaitIdleReader();
      assertThat(tiles.readsStarted()).isEqualTo(3);
      checkBytes(first, tiles);
      first.close();
      tiles.awaitReadsStarted(5);
      takeAndCheck(streamer, tiles, 2, 5);
    }
  }

  @Test
  void aFailedReadEndsTheStreamWithItsOwnMessage() throws IOException {
    IOException failure = new IOException("shard-2.safetensors ends before offset 4711");
    ControlledTiles tiles = new ControlledTiles(4, 2).failing(2, failure);
    TileStreamer streamer = stream(tiles);
    demandSweeps(streamer, tiles, 2);
    try {
      for (int attempt = 0; attempt < 2; attempt++) {
        assertThatThrownBy(() -> takeAndCheck(streamer, tiles, 0, 4))
            .isInstanceOf(IOException.class)
            .hasMessage(failure.getMessage())
            .hasCause(failure);
      }
    } finally {
      streamer.close();
    }
    assertThat(tiles.readsStarted()).isEqualTo(3);
    assertThat(tiles.readsEnded()).isEqualTo(2);
  }

  @Test
  void anUnexpectedFailureOfTheSourceIsTold() {
    RuntimeException failure = new IllegalArgumentException("no such tile");
    ControlledTiles tiles = new ControlledTiles(4, 2).failing(0, failure);
    try (TileStreamer streamer = stream(tiles)) {
      demandSweeps(streamer, tiles, 1);
      assertThatThrownBy(streamer::next)
          .isInstanceOf(IllegalStateException.class)
          .hasMessage("streaming failed: no such tile")
          .hasCause(failure);
    }
  }

  @Test
  void closingWaitsForTheReadUnderWay() throws Exception {
    ControlledTiles tiles = new ControlledTiles(4, 3).gated();
    TileStreamer streamer = stream(tiles);
    demandSweeps(streamer, tiles, 1);
    tiles.awaitReadsStarted(1);
    Thread closing = new Thread(streamer::close);
    closing.start();
    awaitWaiting(closing);
    assertThat(tiles.readsEnded()).isZero();
    tiles.allowReads(4);
    closing.join();
    assertThat(tiles.readsStarted()).isEqualTo(1);
    assertThat(tiles.readsEnded()).isEqualTo(1);
    assertThatThrownBy(streamer::next)
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("the ring is closed");
    streamer.close();
  }

  @Test
  void closingEndsTheWaitForATile() throws Exception {
    ControlledTiles tiles = new ControlledTiles(4, 3).gated();
    TileStreamer streamer = stream(tiles);
    demandSweeps(streamer, tiles, 1);
    CompletableFuture<TileStreamer.Lease> waiting =
        CompletableFuture.supplyAsync(() -> unchecked(streamer::next));
    tiles.awaitReadsStarted(1);
    Thread closing = new Thread(streamer::close);
    closing.start();
    assertThatThrownBy(waiting::get)
        .isInstanceOf(ExecutionException.class)
        .hasRootCauseMessage("the ring is closed");
    tiles.allowReads(1);
    closing.join();
  }

  @Test
  void anInterruptedThreadClosesAndStaysInterrupted() {
    ControlledTiles tiles = new ControlledTiles(4, 3);
    TileStreamer streamer = stream(tiles);
    demandSweeps(streamer, tiles, 1);
    Thread.currentThread().interrupt();
    streamer.close();
    assertThat(Thread.interrupted()).isTrue();
  }

  private static List<TileUse> uses(List<Integer> tiles) {
    return tiles.stream().map(tile -> new TileUse(tile, true, true)).toList();
  }

  /** A read under way ends, and its tile is not given out; a read that was not begun never is. */
  @Test
  void whatIsRetractedIsReadNoMore() throws IOException {
    ControlledTiles tiles = new ControlledTiles(6, 3).gated();
    try (TileStreamer streamer = stream(tiles)) {
      streamer.demand(uses(List.of(0, 1, 2, 3, 4)));
      tiles.allowReads(1);
      tiles.awaitReadsStarted(2);
      assertThat(streamer.retract(Set.of(1, 2, 4))).containsExactly(1);
      streamer.demand(uses(List.of(5)));
      tiles.allowReads(3);
      for (int tile : new int[] {0, 3, 5}) {
        try (TileStreamer.Lease lease = streamer.next()) {
          assertThat(lease.tile()).isEqualTo(tile);
          checkBytes(lease, tiles);
        }
      }
      assertThat(streamer.bytesInVain()).isEqualTo(tiles.bytes(1));
    }
    assertThat(tiles.read()).containsExactly(0, 1, 3, 5);
  }

  /** Whether it stays is known by the next demand, also if its read was not begun. */
  @Test
  void aTileThatStaysIsReadLaterIfItIsRetracted() throws IOException {
    ControlledTiles tiles = new ControlledTiles(3, 2).resident(1).gated();
    try (TileStreamer streamer = stream(tiles)) {
      streamer.demand(uses(List.of(0, 2, 1)));
      tiles.awaitReadsStarted(1);
      assertThat(streamer.retract(Set.of(1))).isEmpty();
      tiles.allowReads(9);
      streamer.demand(uses(List.of(1, 0, 1)));
      for (int tile : new int[] {0, 2, 1, 0, 1}) {
        try (TileStreamer.Lease lease = streamer.next()) {
          assertThat(lease.tile()).isEqualTo(tile);
          checkBytes(lease, tiles);
        }
      }
    }
    assertThat(tiles.read()).containsExactly(0, 2, 1, 0);
  }

  @Test
  void anotherTileMayStayInsteadOfOne() throws IOException {
    ControlledTiles tiles = new ControlledTiles(3, 2).resident(1);
    try (TileStreamer streamer = stream(tiles)) {
      List<Boolean> kept = new ArrayList<>();
      for (int sweep = 0; sweep < 5; sweep++) {
        if (sweep == 2) {
          streamer.exchange(1, 2);
        }
        if (sweep == 4) {
          streamer.abandon();
        }
        streamer.demand(sweep(tiles));
        for (int tile = 0; tile < 3; tile++) {
          try (TileStreamer.Lease lease = streamer.next()) {
            kept.add(lease.isKept());
            checkBytes(lease, tiles);
          }
        }
      }
      assertThat(kept)
          .containsExactly(
              false, false, false, false, true, false, false, false, false, false, false, true,
              false, false, true);
    }
    assertThat(tiles.read()).containsExactly(0, 1, 2, 0, 2, 0, 1, 2, 0, 1, 0, 1);
  }

  @Test
  void aRingNeedsTwoSlots() {
    ControlledTiles tiles = new ControlledTiles(4, 1);
    assertThatThrownBy(() -> stream(tiles))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("a ring needs 2 slots, got 1");
  }

  private static void awaitWaiting(Thread thread) {
    while (thread.getState() != Thread.State.WAITING) {
      Thread.onSpinWait();
    }
  }

  private interface Reading<T> {
    T get() throws IOException;
  }

  private interface Checking {
    void run() throws IOException;
  }

  private static <T> T unchecked(Reading<T> reading) {
    try {
      return reading.get();
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  private static void unchecked(Checking checking) {
    unchecked(
        () -> {
          checking.run();
          return null;
        });
  }
}
