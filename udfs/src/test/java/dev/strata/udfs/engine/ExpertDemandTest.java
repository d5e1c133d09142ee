package dev.strata.udfs.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.strata.udfs.api.EngineOptions;
import dev.strata.udfs.api.EngineSnapshot;
import dev.strata.udfs.model.DecoderSpec;
import dev.strata.udfs.store.Checkpoint;
import dev.strata.udfs.store.LayerStore;
import dev.strata.udfs.store.Tile;
import dev.strata.udfs.tools.KnownShapes;
import dev.strata.udfs.tools.RandomCheckpoint;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Experts that are read before their router has run, and those that stay in memory. */
@Timeout(120)
class ExpertDemandTest {

  private static final String MODEL = "glm4-moe";
  private static final int TILE_BYTES = 4096;
  private static final int LENGTH = 40;

  @TempDir static Path models;

  @BeforeAll
  static void write() throws IOException {
    RandomCheckpoint.write(
        models.resolve("skewed"),
        KnownShapes.named("tiny-moe").withLayers(2).withExpertSkew(1.5),
        7);
  }

  private static TestEngines.OptionsBuilder options() {
    return TestEngines.options(TestEngines.golden(MODEL)).tileBytes(TILE_BYTES).weightsMemory(0);
  }

  /** A sweep of a prompt that is one token over and over, whose tokens choose alike. */
  private static RecordedLogits sweep(Engine engine, int token) {
    int[] prompt = new int[LENGTH];
    Arrays.fill(prompt, token);
    return sweep(engine, prompt);
  }

  private static RecordedLogits sweep(Engine engine, int[] prompt) {
    RecordedLogits logits = new RecordedLogits();
    TestEngines.run(engine, List.of(TestEngines.observed(0, prompt, 1, logits)));
    return logits;
  }

  /** Tiles before the first experts. */
  private static int tilesBeforeExperts() throws IOException {
    try (Checkpoint checkpoint = Checkpoint.open(TestEngines.golden(MODEL).toString())) {
      List<DecoderSpec.StageOfLayer> stages = checkpoint.spec().stages();
      return (int)
          LayerStore.of(checkpoint, TILE_BYTES).tiles().stream()
              .takeWhile(tile -> !stages.get(tile.stage()).stage().isExpert())
              .count();
    }
  }

  @Test
  void whatIsAsGoodAsCertainIsReadBeforeTheRouterHasRun() throws IOException {
    int router = tilesBeforeExperts() - 1;
    RecordedEvents events = new RecordedEvents();
    try (Engine engine = Engine.start(options().device("cpu").build(), events)) {
      for (int i = 0; i < 4; i++) {
        sweep(engine, 7);
      }
      EngineSnapshot done = engine.snapshot();
      assertThat(done.unchosenExpertBytes()).isZero();
      assertThat(events.bytesRead()).isEqualTo(done.weightBytes());
      long tiles = done.tiles() / 4;
      for (int sweep = 0; sweep < 2; sweep++) {
        assertThat(events.readStart(sweep * tiles + router + 1))
            .isGreaterThan(events.kernelEnd(sweep * tiles + router));
      }
      for (int sweep = 2; sweep < 4; sweep++) {
        assertThat(events.readStart(sweep * tiles + router + 1))
            .isLessThan(events.kernelStart(sweep * tiles + router));
      }
    }
  }

  /** On the host and on a device, past one micro-batch or several, as many experts as fit. */
  static Stream<EngineOptions> ways() {
    return Stream.of(
        options().device("cpu").build(),
        options().device("cpu").microBatchTokens(16).build(),
        options().device("cpu").tileBytes(512).build(),
        options().device("staged").deviceMemory(64L << 20).build(),
        options().device("staged").deviceMemory(256L << 20).microBatchTokens(16).build(),
        options().device("staged").deviceMemory(60L << 20).microBatchTokens(16).build(),
        options().device("staged").deviceMemory(60L << 20).build(),
        options().device("staged").deviceMemory(110L << 20).build());
  }

  /** What is read and not used then is counted, and so little that the ring holds it. */
  @ParameterizedTest
  @MethodSource("ways")
  void expertsThatAreNotChosenAfterAllChangeNothing(EngineOptions options) {
    RecordedEvents events = new RecordedEvents();
    try (Engine engine = Engine.start(options, events);
        Engine other = Engine.start(options)) {
      for (int i = 0; i < 3; i++) {
        sweep(engine, 7);
      }
      assertThat(engine.snapshot().unchosenExpertBytes()).isZero();
      for (int token : new int[] {99, 7, 41, 12}) {
        assertSame(sweep(engine, token), sweep(other, token));
      }
      EngineSnapshot done = engine.snapshot();
      assertThat(done.unchosenExpertBytes()).isPositive();
      assertThat(events.bytesRead()).isEqualTo(done.weightBytes() + done.unchosenExpertBytes());
    }
  }

  /** As many as there are are read ahead, of which tokens that are alike choose few. */
  @ParameterizedTest
  @MethodSource("ways")
  void fewOfManyThatAreReadAheadAreChosen(EngineOptions options) {
    int[] many = IntStream.range(3, 123).toArray();
    try (Engine other = Engine.start(options)) {
      for (int token = 20; token < 26; token += 2) {
        try (Engine engine = Engine.start(options)) {
          sweep(engine, many);
          sweep(engine, many);
          assertSame(sweep(engine, token), sweep(other, token));
          assertThat(engine.snapshot().unchosenExpertBytes()).isPositive();
        }
      }
    }
  }

  private static void assertSame(RecordedLogits actual, RecordedLogits expected) {
    assertThat(actual.positions()).isEqualTo(expected.positions()).isNotEmpty();
    for (int position : expected.positions()) {
      assertThat(actual.at(position)).containsExactly(expected.at(position), within(1e-4f));
    }
  }

  private static TestEngines.OptionsBuilder skewed() {
    return TestEngines.options(models.resolve("skewed")).deviceMemory(256L << 20);
  }

  /** What a share of experts takes in memory, and all that every token passes. */
  private static long bytes(double shareOfExperts) throws IOException {
    try (Checkpoint checkpoint = Checkpoint.open(models.resolve("skewed").toString())) {
      List<DecoderSpec.StageOfLayer> stages = checkpoint.spec().stages();
      double bytes = 0;
      for (Tile tile : LayerStore.of(checkpoint, LayerStore.MAX_TILE_BYTES).tiles()) {
        boolean isExpert = stages.get(tile.stage()).stage().isExpert();
        bytes += (isExpert ? shareOfExperts : 1) * (tile.bytes() + 4096);
      }
      return (long) bytes;
    }
  }

  /**
   * A quarter of the experts stays, which an eighth of the choices would be if they were any: those
   * that tokens choose most are three quarters of the choices.
   */
  @ParameterizedTest
  @ValueSource(strings = {"cpu", "staged"})
  void memoryHoldsTheExpertsThatAreChosenMost(String device) throws IOException {
    List<RowRequest> rows =
        List.of(
            TestEngines.request(0, new int[] {6, 7, 8}, 80),
            TestEngines.request(1, new int[] {99, 12}, 80));
    EngineOptions some = skewed().device(device).weightsMemory(bytes(0.25)).build();
    try (Engine engine = Engine.start(some);
        Engine all = Engine.start(skewed().device(device).build())) {
      TestEngines.run(engine, rows);
      EngineSnapshot learned = engine.snapshot();
      List<RowResult> results = TestEngines.run(engine, rows);
      EngineSnapshot then = engine.snapshot().since(learned);
      assertThat((double) then.keptExpertBytes() / then.chosenExpertBytes()).isGreaterThan(0.6);
      List<RowResult> expected = TestEngines.run(all, rows);
      for (int row = 0; row < rows.size(); row++) {
        assertThat(results.get(row).tokens()).isEqualTo(expected.get(row).tokens());
      }
    }
  }

  /** Each chosen one is read, or was there. */
  @ParameterizedTest
  @CsvSource({"cpu, 0.1", "cpu, 0.5", "staged, 0.1", "staged, 0.5"})
  void whatIsChosenIsReadOrThere(String device, double share) throws IOException {
    RecordedEvents events = new RecordedEvents();
    EngineOptions options = skewed().device(device).weightsMemory(bytes(share)).build();
    try (Engine engine = Engine.start(options, events)) {
      TestEngines.run(engine, List.of(TestEngines.request(0, new int[] {6, 7, 8}, 20)));
      EngineSnapshot before = engine.snapshot();
      long read = events.bytesRead();
      TestEngines.run(engine, List.of(TestEngines.request(0, new int[] {26, 7, 8}, 20)));
      EngineSnapshot done = engine.snapshot().since(before);
      assertThat(done.keptExpertBytes()).isPositive();
      // All that is no expert stays.
      assertThat(events.bytesRead() - read)
          .isEqualTo(done.chosenExpertBytes() - done.keptExpertBytes());
    }
  }
}
