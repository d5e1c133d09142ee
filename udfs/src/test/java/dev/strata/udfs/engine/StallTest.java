package dev.strata.udfs.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import dev.strata.udfs.api.EngineOptions;
import dev.strata.udfs.api.FinishReason;
import dev.strata.udfs.api.StrataException;
import dev.strata.udfs.concurrent.Activity;
import dev.strata.udfs.store.Checkpoint;
import dev.strata.udfs.store.ModelFiles;
import dev.strata.udfs.store.PacedModelFiles;
import dev.strata.udfs.tensor.NativeFaults;
import dev.strata.udfs.tensor.NativeFaults.Call;
import dev.strata.udfs.tools.ModelShape;
import dev.strata.udfs.tools.RandomCheckpoint;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Calls that do not come back: whoever waits is told what stands still, and none waits for ever.
 */
@Timeout(60)
class StallTest {

  private static final Duration TIMEOUT = Duration.ofSeconds(1);
  private static final ModelShape SHAPE = new ModelShape("stalled", 96, 16, 32, 2, 1, 8, 2);

  @TempDir static Path models;

  private final CountDownLatch released = new CountDownLatch(1);
  private final CountDownLatch hangs = new CountDownLatch(1);
  private volatile boolean isArmed;
  private volatile int leastHanging;
  private volatile long readMillis;

  @BeforeAll
  static void write() throws IOException {
    RandomCheckpoint.write(models.resolve("model"), SHAPE, 3);
  }

  @AfterEach
  void release() {
    released.countDown();
  }

  private void hang() {
    hangs.countDown();
    try {
      released.await();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  /** Reads may hang, or take their time. */
  private void readSlowly(ByteBuffer target) {
    if (isArmed && target.remaining() >= leastHanging) {
      hang();
    }
    try {
      Thread.sleep(readMillis);
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  private static EngineOptions options(String device, int tileBytes) {
    return TestEngines.options(models.resolve("model"))
        .device(device)
        .tileBytes(tileBytes)
        .weightsMemory(0)
        .deviceMemory(64 << 20)
        .hostMemory(64 << 20)
        .build();
  }

  private Engine start(String device, DeviceSource devices, Duration timeout) {
    return start(options(device, 512), devices, timeout);
  }

  private Engine start(EngineOptions options, DeviceSource devices, Duration timeout) {
    try {
      Checkpoint checkpoint =
          Checkpoint.open(
              new PacedModelFiles(
                  ModelFiles.at(models.resolve("model").toString()), this::readSlowly));
      return Engine.start(options, devices, checkpoint, timeout);
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  private static List<RowRequest> row(int newTokens) {
    return List.of(TestEngines.request(0, new int[] {6, 7, 8}, newTokens));
  }

  private static StallException stall(Engine engine) {
    Throwable told = catchThrowable(() -> TestEngines.run(engine, row(4)));
    assertThat(told).isInstanceOf(IllegalStateException.class);
    assertThat(told.getMessage()).startsWith("the engine failed: the engine of ");
    assertThat(engine.isFailed()).isTrue();
    assertThat(told).hasRootCauseInstanceOf(StrataException.class);
    return StallException.causeOf(told).orElseThrow();
  }

  /** Of the rows of the embedding, which are small, or of tiles. */
  @ParameterizedTest
  @CsvSource({"cpu, 0", "cpu, 200", "staged, 0", "staged, 200"})
  void aReadThatHangs(String device, int least) throws Exception {
    Engine engine = start(device, DeviceSource.OF_OPTIONS, TIMEOUT);
    leastHanging = least;
    isArmed = true;
    StallException stall = stall(engine);
    assertThat(stall.isOfStorage()).isTrue();
    assertThat(stall)
        .hasMessageContaining("stood still for 1 s; see whether its files can be read, then run")
        .hasMessageContaining("spark.strata.stall.timeout");
    assertThat(hangs.getCount()).isZero();
    endsAndFreesOnceReleased(engine);
  }

  @Test
  void aKernelThatHangs() throws Exception {
    NativeFaults natives = new NativeFaults();
    Engine engine =
        start(
            "cpu",
            options -> natives.open(options.device(), options.computeType(), options.threads()),
            TIMEOUT);
    TestEngines.run(engine, row(1));
    int made = natives.calls().get("attend");
    natives.fail(
        new Call("attend", made + 1),
        () -> {
          hang();
          return null;
        });
    StallException stall = stall(engine);
    assertThat(stall.isOfStorage()).isFalse();
    assertThat(stall).hasMessageContaining("see to the device, on a GPU by nvidia-smi");
    endsAndFreesOnceReleased(engine);
  }

  /** Nobody waits for the call, not even the engine's end; when it comes back all is freed. */
  private void endsAndFreesOnceReleased(Engine engine) throws Exception {
    long before = System.nanoTime();
    engine.close();
    assertThat(System.nanoTime() - before).isLessThan(TimeUnit.SECONDS.toNanos(20));
    assertThat(engine.isEnded()).isFalse();
    isArmed = false;
    released.countDown();
    for (int i = 0; i < 3_000 && !engine.isEnded(); i++) {
      Thread.sleep(10);
    }
    assertThat(engine.isEnded()).isTrue();
    engine.close();
  }

  @Test
  void whereThereIsNothingToDoNothingStandsStill() throws Exception {
    try (Engine engine = start("cpu", DeviceSource.OF_OPTIONS, Duration.ofSeconds(2))) {
      Thread.sleep(2500);
      assertThat(TestEngines.run(engine, row(2)).get(0).reason()).isEqualTo(FinishReason.LENGTH);
      Thread.sleep(2500);
      assertThat(engine.isFailed()).isFalse();
    }
  }

  /** A sweep takes many times as long, and each read a part of it. */
  @Test
  void whatIsSlowGoesOn() {
    readMillis = 300;
    EngineOptions options = options("cpu", 4096);
    try (Engine engine = start(options, DeviceSource.OF_OPTIONS, Duration.ofSeconds(4))) {
      long before = System.nanoTime();
      TestEngines.run(engine, row(1));
      assertThat(System.nanoTime() - before).isGreaterThan(TimeUnit.MILLISECONDS.toNanos(4100));
    }
  }

  @Test
  void whoNeverWantsToKnowIsNotTold() throws Exception {
    Activity activity = new Activity();
    activity.begins("work");
    Duration never = ChronoUnit.FOREVER.getDuration();
    CountDownLatch told = new CountDownLatch(1);
    try (StallWatch none = new StallWatch(never, activity, () -> 0, told::countDown)) {
      assertThat(none).isNotNull();
      assertThat(told.await(100, TimeUnit.MILLISECONDS)).isFalse();
    }
  }

  /** What one activity does not know of counts as well. */
  @Test
  void bytesThatComeAreProgress() throws Exception {
    Activity activity = new Activity();
    activity.begins("waits for memory");
    AtomicLong bytes = new AtomicLong();
    CountDownLatch told = new CountDownLatch(1);
    Duration timeout = Duration.ofSeconds(3);
    try (StallWatch watch = new StallWatch(timeout, activity, bytes::get, told::countDown)) {
      assertThat(watch).isNotNull();
      for (int i = 0; i < 100; i++) {
        bytes.incrementAndGet();
        Thread.sleep(50);
      }
      assertThat(told.getCount()).isOne();
      assertThat(told.await(60, TimeUnit.SECONDS)).isTrue();
    }
  }

  @Test
  void theLogHasTheStateAndAllStacks() throws Exception {
    Engine engine = start("staged", DeviceSource.OF_OPTIONS, Duration.ofMinutes(1));
    leastHanging = 200;
    isArmed = true;
    CompletableFuture<List<RowResult>> rows =
        CompletableFuture.supplyAsync(() -> TestEngines.run(engine, row(1)));
    hangs.await();
    while (!engine.describeState().contains("waits for a tile")) {
      Thread.sleep(5);
    }
    assertThat(engine.describeState())
        .contains("after 0 sweeps, in layer 0 of 2 with 1 rows")
        .contains("it waits for a tile of the attention of layer 0")
        .containsPattern("reads: 0 of \\d+ slots are filled or leased, [1-3] are being filled")
        .contains("copies: ")
        .containsPattern("host memory \\d+ of 64 MiB");
    assertThat(ThreadStacks.describe())
        .contains("\"strata-sweeps\" WAITING")
        .contains("dev.strata.udfs.stream.SlotRing.next(")
        .contains("StallTest.hang");
    isArmed = false;
    released.countDown();
    assertThat(rows.get()).hasSize(1);
    engine.close();
  }
}
