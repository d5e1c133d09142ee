package dev.strata.udfs.spark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.strata.udfs.api.EngineOptions;
import dev.strata.udfs.api.ExpectedRows;
import dev.strata.udfs.api.StrataConf;
import dev.strata.udfs.api.StrataException;
import dev.strata.udfs.engine.MemoryBroker;
import dev.strata.udfs.engine.MemoryDemand;
import dev.strata.udfs.engine.MemoryLedger;
import dev.strata.udfs.engine.MemoryLedger.Reservation;
import dev.strata.udfs.engine.MemoryShare;
import dev.strata.udfs.engine.StallException;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Starts, waits, memory and expiry, with engines that are nothing but their memory. */
@Timeout(60)
class EngineRegistryTest {

  private static final long MIB = 1 << 20;
  private static final Duration LONG = Duration.ofHours(1);

  /** An engine that holds memory and notes what becomes of it. */
  private static final class Fake implements SharedEngine {
    private final Reservation memory;
    private volatile boolean failed;
    private volatile boolean stopped;
    private volatile boolean closed;
    private volatile int rowTokens = -1;

    Fake(Reservation memory) {
      this.memory = memory;
    }

    /** As engines do it: told first, then freed. */
    void fail() {
      memory.ending();
      failed = true;
      memory.close();
    }

    @Override
    public boolean isFailed() {
      return failed;
    }

    @Override
    public void expect(ExpectedRows rows) {
      rowTokens = rows.tokens();
    }

    @Override
    public void stop() {
      stopped = true;
      memory.close();
    }

    @Override
    public void close() {
      closed = true;
      stop();
    }

    long mebibytes() {
      return memory.share().hostBytes() / MIB;
    }
  }

  private final ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor();
  private final AtomicLong now = new AtomicLong(Long.MAX_VALUE - 5); // clocks may overflow
  private final MemoryLedger ledger = new MemoryLedger();
  private final AtomicInteger starts = new AtomicInteger();
  private final Map<String, CountDownLatch> gates = new ConcurrentHashMap<>();
  private volatile RuntimeException failure;
  private final EngineRegistry<Fake> registry =
      new EngineRegistry<>(this::start, ledger, timer, now::get);

  @AfterEach
  void end() {
    registry.close();
    timer.shutdownNow();
  }

  /** A model named {@code a-10-60} takes 10 to 60 MiB of 100. */
  private Fake start(EngineRequest request, MemoryBroker memory) throws InterruptedException {
    starts.incrementAndGet();
    String model = request.options().model().substring(1);
    CountDownLatch gate = gates.get(model);
    if (gate != null) {
      gate.await();
    }
    if (failure != null) {
      throw failure;
    }
    List<String> parts = List.of(model.split("-", 3));
    return new Fake(
        memory.reserve(demand(model, Long.parseLong(parts.get(1)), Long.parseLong(parts.get(2)))));
  }

  private static MemoryDemand demand(String model, long least, long most) {
    return new MemoryDemand(
        "the engine of " + model,
        "",
        new MemoryShare(100 * MIB, 0),
        room -> {
          long taken = Math.min(room.hostBytes(), most * MIB);
          return taken < least * MIB ? Optional.empty() : Optional.of(new MemoryShare(taken, 0));
        });
  }

  private static EngineRequest request(String model, long task, Duration timeout, int rowTokens) {
    EngineOptions options =
        StrataConf.of(Map.of("spark.strata.model", "/" + model)).engineOptions();
    return new EngineRequest(
        task, options.expecting(new ExpectedRows(rowTokens, false)), timeout, LONG, null, null);
  }

  /** A start that may get nothing done for so long. */
  private EngineLease<Fake> acquire(String model, long task, Duration stallTimeout)
      throws InterruptedException {
    EngineRequest request = request(model, task);
    request.activity().begins(StartStep.COPY);
    return registry.acquire(
        new EngineRequest(
            task, request.options(), LONG, stallTimeout, null, null, request.activity()));
  }

  private static EngineRequest request(String model, long task) {
    return request(model, task, LONG, 0);
  }

  private EngineLease<Fake> acquire(String model, long task) throws InterruptedException {
    return registry.acquire(request(model, task));
  }

  /** A task on a thread of its own. */
  private final class Task {
    private final CompletableFuture<EngineLease<Fake>> lease = new CompletableFuture<>();
    private final Thread thread;

    Task(String model, long id) {
      thread =
          new Thread(
              () -> {
                try {
                  lease.complete(acquire(model, id));
                } catch (Throwable e) {
                  lease.completeExceptionally(e);
                }
              });
      thread.start();
    }

    EngineLease<Fake> get() throws Exception {
      return lease.get(50, TimeUnit.SECONDS);
    }

    /** And not for a lock on its way there. */
    boolean waitsForEngine() {
      return Arrays.stream(thread.getStackTrace())
          .anyMatch(
              frame ->
                  frame.getClassName().equals(EngineLease.class.getName())
                      && frame.getMethodName().equals("await"));
    }

    void assertWaits() {
      assertThatThrownBy(() -> lease.get(200, TimeUnit.MILLISECONDS))
          .isInstanceOf(TimeoutException.class);
    }

    Throwable failure() throws Exception {
      try {
        get();
        throw new AssertionError("it was not refused");
      } catch (ExecutionException e) {
        return e.getCause();
      }
    }
  }

  private static void until(BooleanSupplier holds) throws InterruptedException {
    while (!holds.getAsBoolean()) {
      Thread.sleep(5);
    }
  }

  private CountDownLatch gate(String model) {
    CountDownLatch gate = new CountDownLatch(1);
    gates.put(model, gate);
    return gate;
  }

  @Test
  void whoWaitsForAStartThatStandsStillIsTold() throws Exception {
    CountDownLatch gate = gate("stuck-1-9");
    assertThatThrownBy(() -> acquire("stuck-1-9", 1, Duration.ofMillis(100)))
        .isInstanceOf(StallException.class)
        .hasMessageStartingWith(
            "the start of the engine of /stuck-1-9 stood still for 100 ms; see whether its files");
    gates.remove("stuck-1-9");
    acquire("stuck-1-9", 2).close();
    assertThat(starts).as("the next has a start of its own").hasValue(2);
    gate.countDown();
    until(() -> ledger.held("").hostBytes() == 9 * MIB);
  }

  /** It waits for others, who may be long. */
  @Test
  void aStartThatWaitsForMemoryDoesNotStandStill() throws Exception {
    EngineLease<Fake> all = acquire("all-100-100", 1);
    CompletableFuture<EngineLease<Fake>> waits = new CompletableFuture<>();
    Thread task =
        new Thread(
            () -> {
              try {
                waits.complete(acquire("more-50-50", 2, Duration.ofSeconds(1)));
              } catch (Throwable e) {
                waits.completeExceptionally(e);
              }
            });
    task.start();
    assertThatThrownBy(() -> waits.get(2500, TimeUnit.MILLISECONDS))
        .isInstanceOf(TimeoutException.class);
    all.close();
    waits.get(60, TimeUnit.SECONDS).close();
    task.join();
  }

  @Test
  void memoryThatNobodyGivesBackIsNotWaitedFor() throws Exception {
    EngineLease<Fake> stuck = acquire("all-60-60", 1);
    stuck.get().memory.ending();
    stuck.get().memory.stuck();
    assertThatThrownBy(() -> acquire("more-50-50", 2))
        .isInstanceOf(StrataException.class)
        .hasMessage(
            "the engine of more-50-50 needs at least 50 MiB of host memory, but too much is held by"
                + " engines that stand still: the engine of all-60-60 60 MiB; end this process and"
                + " start again");
    acquire("less-30-50", 3).close();
  }

  @Test
  void tasksShareOneStartAndOthersAreNotHeldUp() throws Exception {
    CountDownLatch gate = gate("slow-1-9");
    Task first = new Task("slow-1-9", 1);
    Task second = new Task("slow-1-9", 2);
    until(() -> starts.get() == 1);
    EngineLease<Fake> other = acquire("other-1-9", 3);
    first.assertWaits();
    gate.countDown();
    assertThat(first.get().get()).isSameAs(second.get().get()).isNotSameAs(other.get());
    assertThat(starts.get()).isEqualTo(2);
  }

  @Test
  void aFailedStartIsToldToAllAndForgotten() throws Exception {
    CountDownLatch gate = gate("m-1-9");
    failure = StrataException.model("no such model");
    Task first = new Task("m-1-9", 1);
    Task second = new Task("m-1-9", 2);
    until(first::waitsForEngine);
    until(second::waitsForEngine);
    gate.countDown();
    assertThat(first.failure()).isInstanceOf(StrataException.class).hasMessage("no such model");
    assertThat(second.failure()).isInstanceOf(StrataException.class).hasMessage("no such model");
    assertThat(starts.get()).isEqualTo(1);
    failure = null;
    assertThat(acquire("m-1-9", 1).get().closed).isFalse();
    assertThat(starts.get()).isEqualTo(2);
  }

  @Test
  void aWaiterThatIsInterruptedLeavesAndTheOthersGetTheEngine() throws Exception {
    CountDownLatch gate = gate("m-1-9");
    Task leaves = new Task("m-1-9", 1);
    Task stays = new Task("m-1-9", 2);
    until(leaves::waitsForEngine);
    until(stays::waitsForEngine);
    leaves.thread.interrupt();
    assertThat(leaves.failure()).isInstanceOf(InterruptedException.class);
    gate.countDown();
    assertThat(stays.get().get().closed).isFalse();
    assertThat(starts.get()).isEqualTo(1);
  }

  @Test
  void aStartThatNobodyWaitsForIsInterruptedAndTheNextStartsAnew() throws Exception {
    gate("m-1-9");
    Task leaves = new Task("m-1-9", 1);
    until(() -> leaves.waitsForEngine() && starts.get() == 1);
    leaves.thread.interrupt();
    assertThat(leaves.failure()).isInstanceOf(InterruptedException.class);
    gates.clear(); // only the interrupt can end the first
    assertThat(acquire("m-1-9", 2).get().closed).isFalse();
    assertThat(starts.get()).isEqualTo(2);
    assertThat(ledger.held("")).isEqualTo(new MemoryShare(9 * MIB, 0));
  }

  /** As one that pins memory is. */
  @Test
  void aStartThatCannotBeInterruptedIsKeptForTheNextTask() throws Exception {
    CountDownLatch gate = new CountDownLatch(1);
    CountDownLatch begun = new CountDownLatch(1);
    EngineRegistry<Fake> stubborn =
        new EngineRegistry<>(
            (request, memory) -> {
              starts.incrementAndGet();
              Reservation reservation = memory.reserve(demand("m", 1, 9));
              begun.countDown();
              while (gate.getCount() > 0) {
                Thread.onSpinWait();
              }
              return new Fake(reservation);
            },
            ledger,
            timer,
            now::get);
    Thread task =
        new Thread(
            () ->
                assertThatThrownBy(() -> stubborn.acquire(request("m-1-9", 1)))
                    .isInstanceOf(InterruptedException.class));
    task.start();
    begun.await();
    until(() -> task.getState() == Thread.State.WAITING);
    task.interrupt();
    task.join();
    gate.countDown();
    until(() -> idleEngines(stubborn) == 1);
    assertThat(stubborn.acquire(request("m-1-9", 2)).get().closed).isFalse();
    assertThat(starts.get()).isEqualTo(1);
    stubborn.close();
    assertThat(ledger.held("")).isEqualTo(new MemoryShare(0, 0));
  }

  private static int idleEngines(EngineRegistry<?> registry) {
    return registry.idleEngines();
  }

  @Test
  void theExpectedLengthOfRowsIsNoReasonForAnotherEngine() throws Exception {
    EngineLease<Fake> first = registry.acquire(request("m-1-9", 1, LONG, 100));
    EngineLease<Fake> second = registry.acquire(request("m-1-9", 2, LONG, 700));
    assertThat(second.get()).isSameAs(first.get());
    assertThat(second.get().rowTokens).isEqualTo(700);
  }

  @Test
  void idleEnginesMakeRoomTheLongestIdleFirst() throws Exception {
    EngineLease<Fake> old = acquire("old-10-40", 1);
    EngineLease<Fake> young = acquire("young-10-40", 2);
    now.addAndGet(1);
    old.close();
    now.addAndGet(1);
    young.close();
    Fake third = acquire("third-10-50", 3).get();
    assertThat(third.mebibytes()).isEqualTo(50);
    assertThat(old.get().closed).isTrue();
    assertThat(young.get().closed).isFalse();
    assertThat(ledger.held("").hostBytes()).isEqualTo(90 * MIB);
  }

  @Test
  void anEngineMakesDoWithWhatIsLeftBesideOnesInUse() throws Exception {
    acquire("first-10-70", 1);
    assertThat(acquire("second-10-70", 2).get().mebibytes()).isEqualTo(30);
  }

  @Test
  void itWaitsWhereItsLeastIsNotLeftAndCanBeInterrupted() throws Exception {
    EngineLease<Fake> first = acquire("first-10-70", 1);
    Task second = new Task("second-40-70", 2);
    Task killed = new Task("third-40-70", 3);
    second.assertWaits();
    killed.assertWaits();
    killed.thread.interrupt();
    assertThat(killed.failure()).isInstanceOf(InterruptedException.class);
    first.close();
    assertThat(second.get().get().mebibytes()).isEqualTo(70);
    assertThat(first.get().closed).isTrue();
    assertThat(ledger.held("").hostBytes()).isEqualTo(70 * MIB);
  }

  @Test
  void aTaskDoesNotWaitForMemoryThatItHasItself() throws Exception {
    EngineLease<Fake> own = acquire("own-10-70", 1);
    assertThatThrownBy(() -> acquire("other-40-70", 1))
        .isInstanceOfSatisfying(
            StrataException.class,
            e -> assertThat(e.fault()).isEqualTo(StrataException.Fault.RESOURCES))
        .hasMessage(
            "the engine of other-40-70 needs at least 40 MiB of host memory, but of the executor's"
                + " 100 MiB of host memory too much is held by engines whose tasks wait for this"
                + " one: the engine of own-10-70 70 MiB; use the models in queries of their own,"
                + " one after the other, or give each room: raise spark.strata.host.memory, or"
                + " lower spark.strata.weights.memory and spark.strata.wave.size");
    assertThat(own.get().closed).isFalse();
    assertThat(acquire("fits-10-70", 1).get().mebibytes()).isEqualTo(30);
  }

  @Test
  void aTaskThatHasAnEngineWaitsForMemoryOfOthers() throws Exception {
    acquire("own-10-20", 1);
    EngineLease<Fake> others = acquire("others-10-70", 2);
    Task waits = new Task("third-40-70", 1);
    waits.assertWaits();
    others.close();
    assertThat(waits.get().get().mebibytes()).isEqualTo(70);
  }

  /** Each has what the other waits for. The one that closes the circle is refused. */
  @RepeatedTest(5)
  void tasksDoNotWaitForEachOther() throws Exception {
    EngineLease<Fake> first = acquire("first-10-50", 1);
    EngineLease<Fake> second = acquire("second-10-50", 2);
    Task one = new Task("third-40-70", 1);
    one.assertWaits();
    Task two = new Task("fourth-40-70", 2);
    assertThat(two.failure()).hasMessageContaining("the engine of fourth-40-70 needs at least 40");
    one.assertWaits();
    second.close(); // as the end of its task does
    assertThat(one.get().get().mebibytes()).isEqualTo(50);
    assertThat(first.get().closed).isFalse();
  }

  /** A task that joins a start's waiters may be the one that the start waits for. */
  @Test
  void aTaskThatJoinsAStartIsRefusedAlone() throws Exception {
    EngineLease<Fake> held = acquire("held-10-70", 1);
    Task free = new Task("wanted-40-70", 2);
    free.assertWaits();
    Task joins = new Task("wanted-40-70", 1);
    assertThat(joins.failure()).isInstanceOf(StrataException.class);
    free.assertWaits();
    held.close();
    assertThat(free.get().get().mebibytes()).isEqualTo(70);
  }

  @Test
  void aFailedEngineIsReplacedWithAllTheMemoryAndEndsWithItsLastUser() throws Exception {
    EngineLease<Fake> first = acquire("m-10-70", 1);
    EngineLease<Fake> second = acquire("m-10-70", 2);
    first.get().fail();
    EngineLease<Fake> third = acquire("m-10-70", 3);
    assertThat(third.get()).isNotSameAs(first.get());
    assertThat(third.get().mebibytes()).isEqualTo(70);
    assertThat(ledger.held("").hostBytes()).isEqualTo(70 * MIB);
    first.close();
    first.close();
    assertThat(first.get().closed).as("a user is left").isFalse();
    second.close();
    assertThat(first.get().closed).isTrue();
    assertThat(acquire("m-10-70", 4).get()).isSameAs(third.get());
  }

  /** Its memory is on its way back: less would do for the start, but not for what follows. */
  @Test
  void theNextEngineWaitsForTheMemoryOfOneThatEnds() throws Exception {
    EngineLease<Fake> first = acquire("m-10-70", 1);
    first.get().memory.ending();
    first.get().failed = true;
    Task second = new Task("m-10-70", 2);
    second.assertWaits();
    first.get().memory.close();
    assertThat(second.get().get().mebibytes()).isEqualTo(70);
  }

  @Test
  void aFailedEngineThatNobodyUsesIsClosedWhenItIsReplaced() throws Exception {
    EngineLease<Fake> first = acquire("m-10-70", 1);
    first.close();
    first.get().fail();
    acquire("m-10-70", 2);
    assertThat(first.get().closed).isTrue();
  }

  @Test
  void anIdleEngineIsClosedWhenItsTimeIsOver() throws Exception {
    EngineLease<Fake> used = registry.acquire(request("m-1-9", 1, Duration.ofMinutes(10), 0));
    now.addAndGet(TimeUnit.HOURS.toNanos(1));
    registry.closeExpired();
    assertThat(used.get().closed).as("in use").isFalse();
    used.close();
    now.addAndGet(TimeUnit.MINUTES.toNanos(10) - 1);
    registry.closeExpired();
    assertThat(used.get().closed).as("too early").isFalse();
    EngineLease<Fake> again = registry.acquire(request("m-1-9", 2, Duration.ofMinutes(20), 0));
    assertThat(again.get()).isSameAs(used.get());
    again.close();
    now.addAndGet(TimeUnit.MINUTES.toNanos(20) - 1);
    registry.closeExpired();
    assertThat(used.get().closed).as("used again meanwhile").isFalse();
    now.addAndGet(1);
    registry.closeExpired();
    assertThat(used.get().closed).isTrue();
    assertThat(ledger.held("").hostBytes()).isZero();
    assertThat(acquire("m-1-9", 3).get()).isNotSameAs(used.get());
  }

  @Test
  void theTimerClosesByItself() throws Exception {
    EngineRegistry<Fake> real = new EngineRegistry<>(this::start, ledger, timer, System::nanoTime);
    EngineLease<Fake> soon = real.acquire(request("soon-1-9", 1, Duration.ofMillis(100), 0));
    EngineLease<Fake> atOnce = real.acquire(request("at-1-9", 1, Duration.ZERO, 0));
    Duration never = ChronoUnit.FOREVER.getDuration();
    EngineLease<Fake> kept = real.acquire(request("kept-1-9", 1, never, 0));
    kept.close();
    soon.close();
    atOnce.close();
    until(() -> atOnce.get().closed && soon.get().closed);
    assertThat(kept.get().closed).isFalse();
    real.close();
    assertThat(kept.get().closed).isTrue();
  }

  @Test
  void theEndOfTheProcessStopsEnginesInUseAndStarts() throws Exception {
    EngineLease<Fake> used = acquire("used-1-9", 1);
    EngineLease<Fake> idle = acquire("idle-1-9", 2);
    idle.close();
    gate("slow-1-9");
    Task starting = new Task("slow-1-9", 3);
    until(() -> starts.get() == 3);
    registry.close();
    assertThat(starting.failure()).isInstanceOf(IllegalStateException.class);
    assertThat(idle.get().closed).isTrue();
    assertThat(used.get().stopped).isTrue();
    assertThat(used.get().closed).as("its user has its text").isFalse();
    assertThatCode(used::close).doesNotThrowAnyException();
    assertThat(used.get().closed).isTrue();
    assertThat(ledger.held("").hostBytes()).isZero();
    assertThatThrownBy(() -> acquire("used-1-9", 4)).isInstanceOf(IllegalStateException.class);
  }
}
