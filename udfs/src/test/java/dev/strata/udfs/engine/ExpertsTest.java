package dev.strata.udfs.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.strata.udfs.api.EngineOptions;
import dev.strata.udfs.api.EngineSnapshot;
import dev.strata.udfs.model.DecoderSpec;
import dev.strata.udfs.model.Stage;
import dev.strata.udfs.store.Checkpoint;
import dev.strata.udfs.store.LayerStore;
import dev.strata.udfs.store.Tile;
import dev.strata.udfs.tensor.RouterWatch;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Which experts' tiles pass in a sweep, whatever its micro-batches. */
@Timeout(120)
class ExpertsTest {

  private static final String MODEL = "glm4-moe";
  private static final int TILE_BYTES = 512;

  /** Few tokens, so that some experts are chosen by none; two rows of one sweep. */
  private static final List<int[]> PROMPTS = List.of(new int[] {7, 99, 41}, new int[] {64, 12});

  private static TestEngines.OptionsBuilder options() {
    return TestEngines.options(TestEngines.golden(MODEL)).weightsMemory(0).tileBytes(TILE_BYTES);
  }

  /**
   * A way to run a sweep.
   *
   * @param micro the most tokens of a micro-batch; 0 for all
   */
  record Way(String device, int micro, EngineOptions options, String fact) {

    @Override
    public String toString() {
      return device + ", micro-batches of " + micro + ", " + fact;
    }
  }

  private static TestEngines.OptionsBuilder staged() {
    return options().device("staged").deviceMemory(64L << 20);
  }

  /**
   * One micro-batch; several past groups of experts that stay; several past tiles that pass again
   * for each.
   */
  static Stream<Way> ways() {
    return Stream.of(
        new Way("cpu", 0, options().build(), "ring of"),
        new Way("cpu", 2, options().microBatchTokens(2).build(), "ring of"),
        new Way("cpu", 1, options().microBatchTokens(1).build(), "ring of"),
        new Way("staged", 0, staged().build(), "ring of"),
        new Way("staged", 2, staged().microBatchTokens(2).build(), "ring of"),
        new Way(
            "staged",
            2,
            staged()
                .microBatchTokens(2)
                .deviceMemory(14 << 20)
                .hostMemory(64 << 20)
                .rowTokens(100_000)
                .build(),
            "ring of 2 tiles"));
  }

  /** The experts that the prompts' tokens choose, layer by layer of those that have any. */
  private static List<Set<Integer>> chosen() {
    RouterWatch watch = new RouterWatch();
    try (Engine engine =
        Engine.start(
            options().device("cpu").build(),
            o -> watch.open(o.device(), o.computeType(), o.threads()))) {
      var unused = score(engine);
    }
    List<Set<Integer>> chosen = new ArrayList<>();
    for (RouterWatch.Choice choice : watch.choices()) {
      Set<Integer> ofLayer = new HashSet<>();
      choice.experts().forEach(e -> IntStream.of(e).forEach(ofLayer::add));
      chosen.add(ofLayer);
    }
    return chosen;
  }

  private static List<RecordedLogits> score(Engine engine) {
    List<RecordedLogits> logits = PROMPTS.stream().map(p -> new RecordedLogits()).toList();
    TestEngines.run(
        engine,
        IntStream.range(0, PROMPTS.size())
            .mapToObj(i -> TestEngines.observed(i, PROMPTS.get(i), 1, logits.get(i)))
            .toList());
    return logits;
  }

  /** Tiles of the stages that all tokens pass, and of the experts that some token chose. */
  private static List<Tile> expected(List<Set<Integer>> chosen) throws IOException {
    try (Checkpoint checkpoint = Checkpoint.open(TestEngines.golden(MODEL).toString())) {
      List<DecoderSpec.StageOfLayer> stages = checkpoint.spec().stages();
      int dense = checkpoint.spec().layers().size() - chosen.size();
      return LayerStore.of(checkpoint, TILE_BYTES).tiles().stream()
          .filter(
              tile -> {
                Stage stage = stages.get(tile.stage()).stage();
                return !stage.isExpert()
                    || chosen
                        .get(stages.get(tile.stage()).layer() - dense)
                        .contains(stage.expert());
              })
          .toList();
    }
  }

  @ParameterizedTest
  @MethodSource("ways")
  void eachChosenExpertIsReadOnceAndNoOther(Way way) throws IOException {
    List<Set<Integer>> chosen = chosen();
    assertThat(chosen).hasSize(3).allMatch(ofLayer -> ofLayer.size() < 8);
    List<Tile> expected = expected(chosen);
    RecordedEvents events = new RecordedEvents();
    try (Engine engine = Engine.start(way.options(), events)) {
      assertThat(engine.describePlan()).contains(way.fact());
      List<RecordedLogits> logits = score(engine);
      EngineSnapshot done = engine.snapshot();
      assertThat(done.sweeps()).isEqualTo(1);
      assertThat(events.tilesRead()).isEqualTo(expected.size());
      assertThat(events.bytesRead()).isEqualTo(expected.stream().mapToLong(Tile::bytes).sum());
      assertThat(done.chosenExpertBytes()).isEqualTo(expertBytes(expected));
      assertThat(done.expertBytes()).isEqualTo(expertBytes(all()));
      assertSame(logits);
    }
  }

  private static List<Tile> all() throws IOException {
    try (Checkpoint checkpoint = Checkpoint.open(TestEngines.golden(MODEL).toString())) {
      return LayerStore.of(checkpoint, TILE_BYTES).tiles();
    }
  }

  private static long expertBytes(List<Tile> tiles) {
    return tiles.stream()
        .filter(tile -> tile.weight().spec().name().contains(".experts."))
        .mapToLong(Tile::bytes)
        .sum();
  }

  private static void assertSame(List<RecordedLogits> logits) {
    try (Engine engine = Engine.start(options().device("cpu").build())) {
      List<RecordedLogits> plain = score(engine);
      for (int row = 0; row < PROMPTS.size(); row++) {
        for (int position : plain.get(row).positions()) {
          assertThat(logits.get(row).at(position))
              .containsExactly(plain.get(row).at(position), within(1e-4f));
        }
      }
    }
  }

  /** Tiles that are there for good are not read again, and not brought for nothing. */
  @ParameterizedTest
  @MethodSource("ways")
  void whatStaysInHostMemoryIsReadOnceAtMost(Way way) throws IOException {
    RecordedEvents events = new RecordedEvents();
    TestEngines.OptionsBuilder all =
        TestEngines.options(TestEngines.golden(MODEL)).device(way.device()).tileBytes(TILE_BYTES);
    EngineOptions options = all.deviceMemory(64L << 20).microBatchTokens(way.micro()).build();
    try (Engine engine = Engine.start(options, events)) {
      assertSame(score(engine));
      long once = events.tilesRead();
      assertThat(once).isEqualTo(expected(chosen()).size());
      assertSame(score(engine));
      assertThat(events.tilesRead()).isEqualTo(once);
    }
  }

  /** All experts of a layer stay where places for them fit, as many as fit else. */
  @ParameterizedTest
  @CsvSource({"256, 26, 16384", "60, 11, 4096"})
  void expertsHaveAsManyPlacesAsThereIsRoomFor(int mebibytes, int places, int block) {
    EngineOptions options =
        TestEngines.options(TestEngines.golden(MODEL))
            .device("staged")
            .deviceMemory((long) mebibytes << 20)
            .build();
    try (Engine engine = Engine.start(options)) {
      assertThat(engine.describePlan())
          .contains("ring of " + places + " tiles")
          .contains("micro-batch " + block + " tokens");
    }
  }
}
