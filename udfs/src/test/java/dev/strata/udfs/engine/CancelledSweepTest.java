package dev.strata.udfs.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.strata.udfs.api.EngineOptions;
import dev.strata.udfs.concurrent.Daemons;
import dev.strata.udfs.store.Checkpoint;
import dev.strata.udfs.store.ModelFiles;
import dev.strata.udfs.store.PacedModelFiles;
import dev.strata.udfs.tools.ModelShape;
import dev.strata.udfs.tools.RandomCheckpoint;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Semaphore;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Whose rows nobody waits for any more, for them no further tile is used. */
@Timeout(60)
class CancelledSweepTest {

  private static final ModelShape SHAPE = new ModelShape("cancelled", 96, 16, 32, 2, 1, 8, 4);
  private static final int TILE_BYTES = 512;

  /** Reads of tiles that pass before the sweep is held up. */
  private static final int FEW = 12;

  @TempDir static Path models;

  private volatile boolean isHeld;
  private final Semaphore reads = new Semaphore(0);

  @BeforeAll
  static void write() throws IOException {
    RandomCheckpoint.write(models.resolve("model"), SHAPE, 3);
    RewrittenGolden.of(TestEngines.golden("qwen2-moe"))
        .withFirstLayers(1)
        .write(models.resolve("mixture"));
  }

  /** Holds reads of tiles until a test lets them. */
  private void holdTile(ByteBuffer target) {
    if (isHeld && target.remaining() > 200) {
      reads.acquireUninterruptibly();
    }
  }

  private Engine start(String device) throws InterruptedException {
    return start(device, "model", TILE_BYTES);
  }

  private Engine start(String device, String model, int tileBytes) throws InterruptedException {
    EngineOptions options =
        TestEngines.options(models.resolve(model))
            .device(device)
            .tileBytes(tileBytes)
            .weightsMemory(0)
            .deviceMemory(64 << 20)
            .hostMemory(64 << 20)
            .build();
    Checkpoint checkpoint =
        Checkpoint.open(
            new PacedModelFiles(ModelFiles.at(models.resolve(model).toString()), this::holdTile));
    isHeld = true; // headers are read
    return Engine.start(options, DeviceSource.OF_OPTIONS, checkpoint, Duration.ofMinutes(5));
  }

  private static List<RowRequest> rows() {
    return IntStream.range(0, 4)
        .mapToObj(i -> TestEngines.request(i, new int[] {6 + i, 20, 30 + 5 * i}, 5))
        .toList();
  }

  /** A client whose rows are in a sweep that has not come far. */
  private EngineClient sweeping(Engine engine) throws InterruptedException {
    EngineClient client = engine.open();
    rows().forEach(client::submit);
    Thread parked =
        Daemons.thread(
            "parked",
            () -> assertThatThrownBy(client::take).isInstanceOf(IllegalStateException.class));
    parked.start();
    reads.release(FEW);
    while (engine.snapshot().tiles() == 0 || reads.availablePermits() > 0) {
      Thread.sleep(5);
    }
    return client;
  }

  private static List<List<Integer>> texts(Engine engine) {
    return TestEngines.run(engine, rows()).stream()
        .map(result -> IntStream.of(result.tokens()).boxed().toList())
        .toList();
  }

  @ParameterizedTest
  @ValueSource(strings = {"cpu", "staged"})
  void anEngineEndsBetweenTwoTiles(String device) throws Exception {
    Engine engine = start(device);
    sweeping(engine);
    Thread closing = Daemons.thread("closing", engine::close);
    closing.start();
    while (!engine.isClosing()) {
      Thread.sleep(5);
    }
    reads.release(10_000);
    closing.join();
    assertThat(engine.snapshot().sweeps()).isZero();
    assertThat(engine.snapshot().tiles()).isLessThanOrEqualTo(2 * FEW);
    assertThat(engine.isFailed()).isFalse();
  }

  /**
   * Among experts too. What was announced for it is forgotten, and the next rows find the engine as
   * if new.
   */
  @ParameterizedTest
  @CsvSource({
    "cpu, model, 512",
    "staged, model, 512",
    "cpu, mixture, 4096",
    "staged, mixture, 4096"
  })
  void aSweepEndsWithItsLastClient(String device, String model, int tileBytes) throws Exception {
    try (Engine engine = start(device, model, tileBytes)) {
      sweeping(engine).close();
      reads.release(1_000_000);
      List<List<Integer>> texts = texts(engine);
      long tiles = engine.snapshot().tiles();
      long sweeps = engine.snapshot().sweeps();
      assertThat(sweeps).as("the first was none").isBetween(5L, 6L);
      assertThat(texts(engine)).isEqualTo(texts);
      long ofOneRun = engine.snapshot().tiles() - tiles;
      assertThat(tiles).isBetween(ofOneRun + 1, ofOneRun + 2 * FEW);
      assertThat(engine.snapshot().sweeps()).isEqualTo(2 * sweeps);
    }
  }

  @Test
  void aSweepGoesOnForAnotherClient() throws Exception {
    try (Engine engine = start("cpu")) {
      EngineClient other = engine.open();
      other.submit(TestEngines.request(9, new int[] {6, 7, 8}, 5));
      sweeping(engine).close();
      reads.release(1_000_000);
      assertThat(other.take().tokens()).hasSize(5);
      other.close();
      assertThat(engine.snapshot().sweeps()).isBetween(5L, 6L);
    }
  }
}
