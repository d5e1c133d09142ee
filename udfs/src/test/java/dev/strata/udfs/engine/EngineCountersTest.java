package dev.strata.udfs.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.strata.udfs.api.EngineOptions;
import dev.strata.udfs.api.EngineSnapshot;
import dev.strata.udfs.api.FinishReason;
import dev.strata.udfs.api.SweepTimes;
import dev.strata.udfs.store.LayerStore;
import dev.strata.udfs.store.Tile;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Exact counts on the demo model: what is read, what goes through it, and what overlaps. */
@Timeout(120)
class EngineCountersTest {

  private static final long TILE_BYTES = 1 << 20;

  private static TestEngines.OptionsBuilder options() {
    return TestEngines.options(TestEngines.demoModel()).tileBytes(TILE_BYTES);
  }

  private static LayerStore store(Engine engine) {
    return LayerStore.of(engine.checkpoint(), TILE_BYTES);
  }

  /** Rows of ragged prompts and completions. */
  private static List<RowRequest> ragged(long seed, int rows, int mostNewTokens) {
    Random random = new Random(seed);
    List<int[]> prompts = TestEngines.prompts(seed, rows, 1, 24);
    return IntStream.range(0, rows)
        .mapToObj(i -> TestEngines.request(i, prompts.get(i), 1 + random.nextInt(mostNewTokens)))
        .toList();
  }

  private static long newTokens(List<RowRequest> rows) {
    return rows.stream().mapToLong(r -> r.ask().mostNewTokens()).sum();
  }

  private static long promptTokens(List<RowRequest> rows) {
    return rows.stream().mapToLong(r -> r.prompt().length()).sum();
  }

  private static void assertAllEndedByLength(List<RowRequest> rows, List<RowResult> results) {
    assertThat(results).extracting(RowResult::reason).containsOnly(FinishReason.LENGTH);
    for (int i = 0; i < rows.size(); i++) {
      assertThat(results.get(i).tokens()).hasSize(rows.get(i).ask().mostNewTokens());
    }
  }

  @ParameterizedTest
  @CsvSource({"1, 9", "7, 30", "64, 100"})
  void tilesAreReadOncePerSweepAndWavesRefill(int wave, int rowCount) {
    List<RowRequest> rows = ragged(wave, rowCount, 12);
    RecordedEvents events = new RecordedEvents();
    try (Engine engine = Engine.start(options().waveSize(wave).weightsMemory(0).build(), events)) {
      assertAllEndedByLength(rows, TestEngines.run(engine, rows));
      EngineSnapshot done = engine.snapshot();
      LayerStore store = store(engine);
      assertThat(done.tiles()).isEqualTo(store.tiles().size() * done.sweeps());
      assertThat(done.weightBytes()).isEqualTo(store.sweepBytes() * done.sweeps());
      assertThat(events.tilesRead()).isEqualTo(done.tiles());
      assertThat(events.bytesRead()).isEqualTo(done.weightBytes());

      long newTokens = newTokens(rows);
      int longest = rows.stream().mapToInt(r -> r.ask().mostNewTokens()).max().orElseThrow();
      assertThat(done.newTokens()).isEqualTo(newTokens);
      assertThat(done.promptTokens()).isEqualTo(promptTokens(rows));
      assertThat(done.tokenSlots()).isEqualTo(promptTokens(rows) + newTokens - rowCount);
      assertThat(done.sweeps())
          .isBetween((newTokens + wave - 1) / wave, (newTokens + wave - 1) / wave + longest);
      assertThat(done.doneRows()).isEqualTo(rowCount);
      assertThat(done.failedRows()).isZero();
      assertThat(done.waitingRows()).isZero();
    }
  }

  @Test
  void tilesDoNotDependOnHowManyRowsThereAre() {
    List<Long> weightBytes =
        IntStream.of(1, 5, 40)
            .mapToObj(rows -> snapshotOf(TestEngines.prompts(rows, rows, 3, 9), 4).weightBytes())
            .toList();
    assertThat(weightBytes).hasSize(3).containsOnly(weightBytes.get(0));
  }

  /** One wave of all prompts, each generating so many tokens. */
  private static EngineSnapshot snapshotOf(List<int[]> prompts, int newTokens) {
    try (Engine engine = Engine.start(options().build())) {
      TestEngines.run(engine, TestEngines.requests(prompts, newTokens));
      EngineSnapshot snapshot = engine.snapshot();
      assertThat(snapshot.sweeps()).isEqualTo(newTokens);
      return snapshot;
    }
  }

  @Test
  void manyRowsTogetherReadLessThanAFiftiethOfWhatTheyReadAlone() {
    int newTokens = 4;
    List<int[]> prompts = TestEngines.prompts(256, 256, 2, 8);
    EngineSnapshot together = snapshotOf(prompts, newTokens);
    long alone = 0;
    for (int[] prompt : List.of(prompts.get(0), prompts.get(100), prompts.get(255))) {
      EngineSnapshot snapshot = snapshotOf(List.of(prompt), newTokens);
      assertThat(snapshot.weightBytes()).isEqualTo(together.weightBytes());
      alone = snapshot.weightBytes();
    }
    assertThat(together.doneRows()).isEqualTo(256);
    assertThat(together.readBytes() * 50).isLessThan(256 * alone);
  }

  @ParameterizedTest
  @CsvSource({"4096, 0", "65536, 0", "65536, 16", "1048576, 0", "67108864, 0"})
  void readingIsAheadOfTheKernels(long tileBytes, int microBatchTokens) {
    RecordedEvents events = new RecordedEvents();
    List<RowRequest> rows = ragged(3, 8, 5);
    try (Engine engine =
        Engine.start(
            options().tileBytes(tileBytes).microBatchTokens(microBatchTokens).build(), events)) {
      TestEngines.run(engine, rows);
      long tiles = engine.snapshot().tiles();
      assertThat(events.tilesRead()).isEqualTo(tiles);
      for (long k = 0; k < tiles; k++) {
        assertThat(events.readEnd(k)).as("tile %d", k).isLessThan(events.kernelStart(k));
        if (k + 1 < tiles) {
          assertThat(events.readStart(k + 1)).as("tile %d", k).isLessThan(events.kernelEnd(k));
        }
      }
    }
  }

  @Test
  void theNextSweepIsReadBeforeTheHeadOfThisOne() {
    RecordedEvents events = new RecordedEvents();
    try (Engine engine = Engine.start(options().build(), events)) {
      TestEngines.run(engine, ragged(4, 6, 6));
      long tiles = store(engine).tiles().size();
      long sweeps = engine.snapshot().sweeps();
      assertThat(sweeps).isGreaterThan(2);
      for (long sweep = 1; sweep < sweeps; sweep++) {
        assertThat(events.readStart(sweep * tiles))
            .as("sweep %d", sweep)
            .isLessThan(events.kernelStart(sweep * tiles - 1));
      }
    }
  }

  /** A prompt longer than a sweep goes through in chunks, none of its tokens twice. */
  @Test
  void chunksOfPromptsAreNotComputedAgain() {
    List<RowRequest> rows = TestEngines.requests(TestEngines.prompts(5, 3, 60, 80), 3);
    try (Engine engine =
        Engine.start(
            options()
                .tileBytes(256 << 10)
                .microBatchTokens(32)
                .waveSize(4)
                .hostMemory(7 << 20)
                .build())) {
      assertThat(TestEngines.planned(engine, "sweep", "tokens")).isEqualTo(32);
      assertAllEndedByLength(rows, TestEngines.run(engine, rows));
      EngineSnapshot done = engine.snapshot();
      assertThat(done.tokenSlots()).isEqualTo(promptTokens(rows) + 3 * 2);
      assertThat(done.sweeps()).isGreaterThan(promptTokens(rows) / 32);
      assertThat(done.tiles() % done.sweeps()).isZero();
    }
  }

  /** Where a sweep is several micro-batches, they pass the tiles of a stage that stays. */
  @Test
  void aStageIsReadOnceForSeveralMicroBatches() {
    RecordedEvents events = new RecordedEvents();
    List<RowRequest> rows = TestEngines.requests(TestEngines.prompts(6, 4, 20, 30), 2);
    try (Engine engine =
        Engine.start(options().tileBytes(1 << 16).microBatchTokens(16).build(), events)) {
      TestEngines.run(engine, rows);
      assertThat(events.kernelStart(1)).isLessThan(events.kernelEnd(0));
      EngineSnapshot done = engine.snapshot();
      assertThat(done.sweeps()).isEqualTo(2);
      LayerStore store = LayerStore.of(engine.checkpoint(), 1 << 16);
      assertThat(events.tilesRead()).isEqualTo(2L * store.tiles().size());
      assertThat(events.bytesRead()).isEqualTo(2 * store.sweepBytes());
    }
  }

  /** What a device apart is planned with, and what is to be counted. */
  private record Staged(int deviceMebibytes, int rowTokens, boolean stays, boolean kvOnHost) {}

  static Stream<Staged> staged() {
    return Stream.of(
        new Staged(80, 20, true, false),
        new Staged(80, 1000, true, true),
        new Staged(20, 20, false, false),
        new Staged(20, 1000, false, true));
  }

  private static TestEngines.OptionsBuilder options(Staged staged) {
    return options()
        .device("staged")
        .deviceMemory((long) staged.deviceMebibytes() << 20)
        .rowTokens(staged.rowTokens())
        .microBatchTokens(16)
        .waveSize(16);
  }

  @ParameterizedTest
  @MethodSource("staged")
  void aTileIsReadOnceHoweverOftenItPasses(Staged staged) {
    RecordedEvents events = new RecordedEvents();
    List<RowRequest> rows = TestEngines.requests(TestEngines.prompts(6, 4, 20, 30), 3);
    try (Engine engine = Engine.start(options(staged).weightsMemory(0).build(), events)) {
      assertAllEndedByLength(rows, TestEngines.run(engine, rows));
      assertThat(engine.describePlan())
          .contains(staged.kvOnHost() ? "values in host memory" : "values on the device");
      EngineSnapshot done = engine.snapshot();
      LayerStore store = store(engine);
      assertThat(done.sweeps()).isEqualTo(3);
      assertThat(done.tokenSlots()).isEqualTo(promptTokens(rows) + 4 * 2);
      assertThat(events.tilesRead()).isEqualTo(3L * store.tiles().size());
      assertThat(events.bytesRead()).isEqualTo(3 * store.sweepBytes());
      // A stage that fits passes once; another once for each of the prompts' micro-batches.
      int places = TestEngines.planned(engine, "ring of", "tiles");
      Map<Integer, Long> stages =
          store.tiles().stream().collect(Collectors.groupingBy(Tile::stage, Collectors.counting()));
      long head = stages.remove(engine.checkpoint().spec().stages().size() - 1);
      long again = stages.values().stream().filter(n -> passesAgain(n, places)).count();
      assertThat(again).isEqualTo(staged.stays() ? 0 : 12);
      long uses =
          stages.values().stream()
              .mapToLong(n -> n * (passesAgain(n, places) ? blocksOf(rows, 16) : 1))
              .sum();
      assertThat(done.tiles()).isEqualTo(uses + head + 2L * store.tiles().size());
    }
  }

  private static boolean passesAgain(long tiles, int places) {
    return tiles >= places;
  }

  /** A row that is longer than a micro-batch is cut wherever one is full. */
  private static long blocksOf(List<RowRequest> rows, int block) {
    return (promptTokens(rows) + block - 1) / block;
  }

  @ParameterizedTest
  @MethodSource("staged")
  void tilesThatStayAreReadOnceForEver(Staged staged) {
    RecordedEvents events = new RecordedEvents();
    List<RowRequest> rows = TestEngines.requests(TestEngines.prompts(6, 4, 20, 30), 3);
    try (Engine engine = Engine.start(options(staged).build(), events)) {
      assertAllEndedByLength(rows, TestEngines.run(engine, rows));
      assertAllEndedByLength(rows, TestEngines.run(engine, rows));
      LayerStore store = store(engine);
      assertThat(engine.snapshot().sweeps()).isEqualTo(6);
      assertThat(events.tilesRead()).isEqualTo(store.tiles().size());
      assertThat(events.bytesRead()).isEqualTo(store.sweepBytes());
    }
  }

  /** What stays is read once, and the rest once each sweep: reads grow by the same each sweep. */
  @ParameterizedTest
  @ValueSource(longs = {1, 4, 7})
  void tilesThatStayInPartAreReadOnceForEver(long mebibytes) {
    List<SweepFigures> figures = new ArrayList<>();
    Staged plan = new Staged(80, 20, true, false);
    EngineOptions options = options(plan).weightsMemory(mebibytes << 20).build();
    long stored;
    try (Engine engine = Engine.start(options, recording(figures))) {
      List<RowRequest> rows = TestEngines.requests(TestEngines.prompts(6, 4, 20, 30), 4);
      assertAllEndedByLength(rows, TestEngines.run(engine, rows));
      stored = store(engine).sweepBytes();
    }
    assertThat(figures).hasSize(4).extracting(SweepFigures::tileBytes).containsOnly(stored);
    assertThat(figures).allMatch(f -> f.kvToDeviceBytes() + f.kvToHostBytes() == 0);
    long all = figures.stream().mapToLong(SweepFigures::diskBytes).sum();
    // Reading ahead shifts bytes from a sweep to the one before; their sum does not shift.
    long stays = (4 * stored - all) / 3;
    assertThat(stays).isBetween((mebibytes << 20) * 3 / 5, mebibytes << 20);
  }

  /** On a CPU weights stay where that is asked for, and the report counts what was read. */
  @ParameterizedTest
  @ValueSource(longs = {1, 9, 64})
  void weightsThatStayOnACpuAreReadOnceForEver(long mebibytes) {
    RecordedEvents events = new RecordedEvents();
    List<RowRequest> rows = TestEngines.requests(TestEngines.prompts(6, 4, 20, 30), 3);
    EngineOptions options = options().weightsMemory(mebibytes << 20).build();
    try (Engine engine = Engine.start(options, events)) {
      assertAllEndedByLength(rows, TestEngines.run(engine, rows));
      EngineSnapshot done = engine.snapshot();
      long stored = store(engine).sweepBytes();
      assertThat(done.weightBytes()).isEqualTo(3 * stored);
      assertThat(done.readBytes()).isBetween(events.bytesRead(), events.bytesRead() + (1 << 20));
      long stays = (3 * stored - events.bytesRead()) / 2;
      assertThat(stays).isBetween(Math.min(stored, (mebibytes << 20) * 3 / 5), mebibytes << 20);
    }
  }

  /** Whether a device of its own computes or the host, and whether somebody traces sweeps. */
  @ParameterizedTest
  @CsvSource({"true, true", "true, false", "false, false"})
  void theTimeOfSweepsIsAccountedFor(boolean isStaged, boolean isObserved) {
    List<SweepFigures> figures = new ArrayList<>();
    EngineOptions options =
        (isStaged ? options(new Staged(20, 1000, false, true)) : options())
            .weightsMemory(0)
            .build();
    List<RowRequest> rows = TestEngines.requests(TestEngines.prompts(6, 4, 20, 30), 8);
    SweepObserver observer = isObserved ? recording(figures) : SweepObserver.NONE;
    try (Engine engine = Engine.start(options, observer)) {
      TestEngines.run(engine, rows);
      EngineSnapshot done = engine.snapshot();
      SweepTimes times = done.times();
      assertThat(times.diskNanos() + times.copyNanos() + times.computeNanos())
          .isEqualTo(done.busyNanos());
      assertThat(times.limitNanos()).isBetween(done.busyNanos() / 100, done.busyNanos());
      assertThat(times.computeNanos()).isPositive();
      assertThat(times.copyNanos() > 0).isEqualTo(isStaged);
      assertThat(done.memory().hostBytes()).isBetween(1L, done.memory().hostBudget());
      assertThat(done.memory().deviceBytes() > 0).isEqualTo(isStaged);
      assertThat(done.memory().deviceBytes()).isLessThanOrEqualTo(done.memory().deviceBudget());
      assertThat(done.since(done).times()).isEqualTo(SweepTimes.NONE);
    }
    if (isObserved) {
      assertThat(figures).hasSize(8);
      assertThat(figures.get(0).spans()).as("traced for nobody else").isEmpty();
      assertThat(figures.get(1).spans()).isNotEmpty();
    }
  }

  private static SweepObserver recording(List<SweepFigures> figures) {
    return new SweepObserver() {
      @Override
      public boolean traces(long sweep) {
        return sweep == 1;
      }

      @Override
      public void sweepEnded(SweepFigures sweep) {
        figures.add(sweep);
      }
    };
  }

  /** Keys, values and hidden states by the byte, and a timeline where one was asked for. */
  @Test
  void figuresOfASweepAreExact() {
    List<SweepFigures> figures = new ArrayList<>();
    EngineOptions options = options(new Staged(20, 1000, false, true)).weightsMemory(0).build();
    List<RowRequest> rows = TestEngines.requests(TestEngines.prompts(6, 4, 20, 30), 3);
    try (Engine engine = Engine.start(options, recording(figures))) {
      TestEngines.run(engine, rows);
    }
    long prompts = promptTokens(rows);
    long layers = 12;
    long kvToken = layers * 2 * 2 * 64 * Float.BYTES;
    assertThat(figures).extracting(SweepFigures::sweep).containsExactly(0L, 1L, 2L);
    assertThat(figures).extracting(SweepFigures::rows).containsOnly(4);
    assertThat(figures).extracting(SweepFigures::newTokens).containsOnly(4);
    assertThat(figures).extracting(SweepFigures::promptTokens).containsExactly((int) prompts, 0, 0);
    assertThat(figures)
        .extracting(SweepFigures::kvToHostBytes)
        .containsExactly(prompts * kvToken, 4 * kvToken, 4 * kvToken);
    // Each of many micro-batches goes out and in between stages; a single one never does.
    assertThat(figures)
        .extracting(SweepFigures::hiddenBytes)
        .containsExactly(prompts * 2 * (2 * layers - 1) * 256 * Float.BYTES, 0L, 0L);
    assertThat(figures.get(1).kvToDeviceBytes()).isGreaterThanOrEqualTo(prompts * kvToken);
    assertThat(figures.get(0).spans()).isEmpty();
    assertThat(figures.get(2).spans()).isEmpty();
    assertThat(figures.get(1).spans()).extracting(Span::lane).contains(LaneKind.values());
    assertThat(figures.get(1).spans()).allMatch(span -> span.endNanos() >= span.startNanos());
  }

  @Test
  void anEmbeddingRowIsReadOnceForAllOfASweepsTokens() {
    long rowBytes = 256 * 2;
    EngineSnapshot snapshot = snapshotOf(List.of(new int[] {9, 9, 10}, new int[] {10, 11}), 1);
    assertThat(snapshot.readBytes() - snapshot.weightBytes()).isEqualTo(3 * rowBytes);
  }

  /** Only a stop of all sequences at once leaves the streamer ahead, by no more than its ring. */
  @Test
  void aStopOfTheLastRowLeavesNoMoreReadThanTheRing() {
    RecordedEvents events = new RecordedEvents();
    int[] prompt = {6, 7, 8};
    Engine engine = Engine.start(options().build(), events);
    try (engine) {
      List<RowResult> results =
          TestEngines.run(
              engine,
              List.of(TestEngines.request(0, prompt, 50, (generated, count) -> count == 3)));
      assertThat(results.get(0).reason()).isEqualTo(FinishReason.STOP);
      assertThat(results.get(0).tokens()).hasSize(3);
      assertThat(engine.snapshot().sweeps()).isEqualTo(3);
    }
    long surplus = events.tilesRead() - engine.snapshot().tiles();
    assertThat(surplus).isBetween(0L, (long) TestEngines.planned(engine, "ring of", "slots"));
  }
}
