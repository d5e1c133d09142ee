package dev.strata.udfs.stream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicIntegerArray;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(60)
class SlotRingTest {

  private static List<Integer> numbers(int first, int count) {
    return IntStream.range(first, first + count).boxed().toList();
  }

  /** Demands, takes and closes at random; a slot holds its entry as long as it is leased. */
  @ParameterizedTest
  @ValueSource(ints = {2, 3, 4, 9})
  void entriesComeInOrderInSlotsOfTheirOwn(int slots) throws IOException {
    AtomicIntegerArray held = new AtomicIntegerArray(slots);
    Random random = new Random(slots);
    try (SlotRing<Integer> ring =
        new SlotRing<>(
            "test",
            slots,
            (count, entry, slot, started) -> {
              started.run();
              assertThat(count).isEqualTo((long) entry);
              held.set(slot, entry);
            })) {
      int demanded = 0;
      int taken = 0;
      Deque<SlotRing<Integer>.Lease> leases = new ArrayDeque<>();
      while (taken < 3000) {
        if (taken == demanded || random.nextInt(4) == 0) {
          int more = random.nextInt(6);
          ring.demand(numbers(demanded, more));
          demanded += more;
        } else if (leases.size() == slots || (!leases.isEmpty() && random.nextBoolean())) {
          SlotRing<Integer>.Lease lease =
              random.nextBoolean() ? leases.removeFirst() : leases.removeLast();
          assertThat(held.get(lease.slot())).isEqualTo(lease.entry());
          lease.close();
        } else if (ringHasRoom(leases, taken, slots)) {
          SlotRing<Integer>.Lease lease = ring.next();
          assertThat(lease.count()).isEqualTo(taken);
          assertThat(lease.entry()).isEqualTo(taken++);
          leases.addLast(lease);
        }
      }
    }
  }

  /** An early close gives nothing back while an earlier entry is leased. */
  private static boolean ringHasRoom(Deque<SlotRing<Integer>.Lease> leases, int taken, int slots) {
    return leases.isEmpty() || taken - leases.getFirst().count() < slots;
  }

  /** An entry is given once the next one's filling has started, though that never ends. */
  @Test
  void theNextFillingHasStartedWhenAnEntryIsGiven() throws IOException {
    AtomicLong started = new AtomicLong();
    CountDownLatch go = new CountDownLatch(1);
    try (SlotRing<Integer> ring =
        new SlotRing<>(
            "test",
            3,
            (count, entry, slot, start) -> {
              if (entry == 1) {
                started.set(entry);
                start.run();
                await(go);
              }
            })) {
      ring.demand(numbers(0, 3));
      try (SlotRing<Integer>.Lease lease = ring.next()) {
        assertThat(lease.entry()).isZero();
        assertThat(started.get()).isEqualTo(1);
      }
      go.countDown();
      ring.next().close();
      ring.next().close();
    }
  }

  private static void await(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void nothingIsFilledBeyondTheSlots() throws Exception {
    AtomicLong filled = new AtomicLong();
    CountDownLatch full = new CountDownLatch(4);
    try (SlotRing<Integer> ring =
        new SlotRing<>(
            "test",
            4,
            (count, entry, slot, started) -> {
              filled.incrementAndGet();
              full.countDown();
            })) {
      ring.demand(numbers(0, 9));
      full.await();
      SlotRing<Integer>.Lease first = ring.next();
      SlotRing<Integer>.Lease second = ring.next();
      second.close();
      Thread.sleep(20);
      assertThat(filled.get()).isEqualTo(4);
      first.close();
      ring.next().close();
      ring.next().close();
    }
  }

  @Test
  void aFillingThatFailsIsToldAgainAndAgain() {
    IOException failure = new IOException("no such file");
    try (SlotRing<Integer> ring =
        new SlotRing<>(
            "test",
            2,
            (count, entry, slot, started) -> {
              throw failure;
            })) {
      ring.demand(numbers(0, 5));
      for (int i = 0; i < 2; i++) {
        assertThatThrownBy(ring::next)
            .isInstanceOf(IOException.class)
            .hasMessage("no such file")
            .hasCause(failure);
      }
    }
  }

  @Test
  void anErrorOfTheFillerIsToldToo() {
    Error failure = new AssertionError("broken");
    try (SlotRing<Integer> ring =
        new SlotRing<>(
            "test",
            2,
            (count, entry, slot, started) -> {
              throw failure;
            })) {
      ring.demand(numbers(0, 1));
      assertThatThrownBy(ring::next)
          .isInstanceOf(IllegalStateException.class)
          .hasMessage("streaming failed: broken")
          .hasCause(failure);
    }
  }

  @Test
  void closingWaitsForTheFillingUnderWayAndEndsTheWaitForIt() throws Exception {
    CountDownLatch filling = new CountDownLatch(1);
    CountDownLatch go = new CountDownLatch(1);
    AtomicBoolean ended = new AtomicBoolean();
    SlotRing<Integer> ring =
        new SlotRing<>(
            "test",
            2,
            (count, entry, slot, started) -> {
              filling.countDown();
              await(go);
              ended.set(true);
            });
    ring.demand(numbers(0, 3));
    filling.await();
    CompletableFuture<Void> taking =
        CompletableFuture.runAsync(
            () -> {
              try {
                ring.next();
              } catch (IOException e) {
                throw new AssertionError(e);
              }
            });
    CompletableFuture<Void> closing = CompletableFuture.runAsync(ring::close);
    assertThatThrownBy(taking::get)
        .isInstanceOf(ExecutionException.class)
        .hasRootCauseMessage("the ring is closed");
    assertThat(closing).isNotDone();
    go.countDown();
    closing.get();
    assertThat(ended).isTrue();
  }

  /** Fillings that a test ends itself. */
  private static final class Fillings {
    private final List<CompletableFuture<Void>> begun =
        Collections.synchronizedList(new ArrayList<>());

    CompletableFuture<?> begin(long count, Integer entry, int slot, Runnable started) {
      started.run();
      CompletableFuture<Void> filling = new CompletableFuture<>();
      begun.add(filling);
      return filling;
    }

    void awaitBegun(int count) {
      while (begun.size() < count) {
        Thread.onSpinWait();
      }
    }
  }

  @Test
  void aFillingBeginsWhileTheOneBeforeGoesOnAndEntriesKeepTheirOrder() throws Exception {
    Fillings fillings = new Fillings();
    try (SlotRing<Integer> ring = new SlotRing<>("test", 4, 2, fillings::begin)) {
      ring.demand(numbers(0, 4));
      fillings.awaitBegun(2);
      fillings.begun.get(1).complete(null);
      CompletableFuture<Integer> first = CompletableFuture.supplyAsync(() -> takeAndClose(ring));
      Thread.sleep(20);
      assertThat(fillings.begun).hasSize(2);
      assertThat(first).isNotDone();
      fillings.begun.get(0).complete(null);
      assertThat(first.get()).isZero();
      assertThat(takeAndClose(ring)).isEqualTo(1);
      fillings.awaitBegun(4);
      fillings.begun.forEach(filling -> filling.complete(null));
    }
  }

  private static int takeAndClose(SlotRing<Integer> ring) {
    try (SlotRing<Integer>.Lease lease = ring.next()) {
      return lease.entry();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Whoever is told may free the slots' memory, or use it anew. */
  @Test
  void nobodyIsToldOfAFailureWhileAnotherFillingIsUnderWay() throws Exception {
    Fillings fillings = new Fillings();
    try (SlotRing<Integer> ring = new SlotRing<>("test", 4, 2, fillings::begin)) {
      ring.demand(numbers(0, 4));
      fillings.awaitBegun(2);
      IOException failure = new IOException("no such file");
      fillings.begun.get(0).completeExceptionally(failure);
      CompletableFuture<Integer> told = CompletableFuture.supplyAsync(() -> takeAndClose(ring));
      Thread.sleep(20);
      assertThat(told).isNotDone();
      fillings.begun.get(1).complete(null);
      assertThatThrownBy(told::join).hasRootCause(failure);
      assertThat(fillings.begun).hasSize(2);
    }
  }

  @Test
  void closingWaitsForAllFillingsUnderWay() throws Exception {
    Fillings fillings = new Fillings();
    SlotRing<Integer> ring = new SlotRing<>("test", 4, 2, fillings::begin);
    ring.demand(numbers(0, 4));
    fillings.awaitBegun(2);
    fillings.begun.get(0).completeExceptionally(new IOException("no such file"));
    CompletableFuture<Void> closing = CompletableFuture.runAsync(ring::close);
    Thread.sleep(20);
    assertThat(closing).isNotDone();
    fillings.begun.get(1).complete(null);
    closing.get();
    assertThat(fillings.begun).hasSize(2);
  }

  /** What was begun comes all the same; whatever is demanded then follows. */
  @Test
  void whatIsRetractedBeforeItIsBegunIsNeverFilled() throws IOException {
    Fillings fillings = new Fillings();
    try (SlotRing<Integer> ring = new SlotRing<>("test", 4, 2, fillings::begin)) {
      ring.demand(numbers(0, 6));
      fillings.awaitBegun(2);
      List<Integer> asked = new ArrayList<>();
      ring.retract(entry -> asked.add(entry) && entry % 2 == 1);
      assertThat(asked).containsExactly(2, 3, 4, 5);
      ring.demand(numbers(6, 1));
      fillings.begun.forEach(filling -> filling.complete(null));
      assertThat(takeAndClose(ring)).isZero();
      assertThat(takeAndClose(ring)).isEqualTo(1);
      for (int entry : new int[] {2, 4, 6}) {
        fillings.awaitBegun(3 + entry / 2 - 1);
        fillings.begun.forEach(filling -> filling.complete(null));
        assertThat(takeAndClose(ring)).isEqualTo(entry);
      }
      assertThat(fillings.begun).hasSize(5);
      assertThatThrownBy(ring::next).hasMessage("entry 5 was not demanded");
    }
  }

  @Test
  void anEntryThatWasNotDemandedIsRefused() throws IOException {
    try (SlotRing<Integer> ring = new SlotRing<>("test", 2, (c, entry, slot, started) -> {})) {
      ring.demand(List.of());
      assertThatThrownBy(ring::next).hasMessage("entry 0 was not demanded");
      ring.demand(numbers(0, 3));
      ring.next();
      ring.next();
      assertThatThrownBy(ring::next).hasMessage("all 2 slots are leased");
    }
  }
}
