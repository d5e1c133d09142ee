package dev.strata.udfs.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.strata.udfs.engine.TileProgram.StageTiles;
import dev.strata.udfs.model.DecoderSpec.StageOfLayer;
import dev.strata.udfs.model.Stage;
import dev.strata.udfs.store.Checkpoint;
import dev.strata.udfs.store.LayerStore;
import dev.strata.udfs.store.Tile;
import dev.strata.udfs.stream.TileUse;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Orders of a model of four tiles for each attention, three for each feed-forward. */
class TileProgramTest {

  private static Checkpoint checkpoint;
  private static LayerStore store;

  @BeforeAll
  static void open() {
    checkpoint = Checkpoint.open(TestEngines.golden("llama").toString());
    store = LayerStore.of(checkpoint, LayerStore.MAX_TILE_BYTES);
  }

  @AfterAll
  static void close() throws IOException {
    checkpoint.close();
  }

  private static TileProgram program(int places) {
    return new TileProgram(checkpoint.spec(), store.tiles(), places, tile -> true, false);
  }

  /** What a sweep is, from its definition. */
  private static List<TileUse> expected(int places, int blocks) {
    List<TileUse> uses = new ArrayList<>();
    for (int first = 0; first < store.tiles().size(); ) {
      boolean head = first == store.tiles().size() - 1;
      int count = head ? 1 : first % 7 == 0 ? 4 : 3;
      int passes = head || count < places ? 1 : blocks;
      for (int pass = 0; pass < passes; pass++) {
        for (int tile = first; tile < first + count; tile++) {
          uses.add(new TileUse(tile, pass == 0, pass == passes - 1));
        }
      }
      first += count;
    }
    return uses;
  }

  @Test
  void stagesThatFitPassOnceAndOthersForEachMicroBatch() {
    for (int places = 2; places <= 6; places++) {
      for (int blocks = 1; blocks <= 4; blocks++) {
        assertThat(program(places).sweep(blocks)).isEqualTo(expected(places, blocks));
      }
    }
  }

  @Test
  void stagesKnowTheirTiles() {
    List<StageTiles> stages = program(4).stages();
    int layers = checkpoint.spec().layers().size();
    assertThat(stages).hasSize(2 * layers + 1);
    for (int layer = 0; layer < layers; layer++) {
      List<Stage> ofLayer = checkpoint.spec().layers().get(layer).stages();
      assertThat(stages.get(2 * layer))
          .isEqualTo(stage(new StageOfLayer(layer, ofLayer.get(0)), 7 * layer, 4, false))
          .hasToString("the attention of layer " + layer);
      assertThat(stages.get(2 * layer + 1))
          .isEqualTo(stage(new StageOfLayer(layer, ofLayer.get(1)), 7 * layer + 4, 3, true))
          .hasToString("the feed-forward of layer " + layer);
    }
    assertThat(program(4).ofLayers()).isEqualTo(stages.subList(0, 2 * layers));
    assertThat(stages).filteredOn(StageTiles::isGathered).containsExactly(program(4).ofHead());
  }

  private StageTiles stage(StageOfLayer of, int first, int count, boolean stays) {
    long bytes = store.tiles().subList(first, first + count).stream().mapToLong(Tile::bytes).sum();
    return new StageTiles(of, first, count, bytes, stays);
  }

  /** Its tokens are gathered of all micro-batches, so that its tiles need not stay. */
  @Test
  void tilesOfTheHeadPassOnce() {
    LayerStore small = LayerStore.of(checkpoint, 1);
    TileProgram program = new TileProgram(checkpoint.spec(), small.tiles(), 2, tile -> true, false);
    StageTiles head = program.ofHead();
    assertThat(head.count()).isEqualTo(checkpoint.spec().vocabSize());
    assertThat(head.stays()).isFalse();
    List<TileUse> uses = program.sweep(3);
    assertThat(uses.subList(uses.size() - head.count(), uses.size()))
        .allMatch(use -> use.first() && use.last() && use.tile() >= head.first());
    assertThat(uses.get(uses.size() - head.count() - 1).tile()).isEqualTo(head.first() - 1);
  }

  @Test
  void tilesThatHaveTheirOwnPlaceTakeNone() {
    TileProgram program =
        new TileProgram(checkpoint.spec(), store.tiles(), 2, tile -> tile % 7 == 0, false);
    assertThat(program.stages()).allMatch(StageTiles::stays);
  }

  /** What is demanded ahead and what follows are one sweep, whatever its micro-batches. */
  @Test
  void aheadAndTheRestAreASweep() {
    Random random = new Random(3);
    for (int places = 2; places <= 6; places++) {
      TileProgram program = program(places);
      for (int sweep = 0; sweep < 20; sweep++) {
        List<TileUse> uses = new ArrayList<>();
        if (random.nextBoolean()) {
          uses.addAll(program.ahead());
          uses.addAll(program.ahead());
        }
        int blocks = 1 + random.nextInt(4);
        uses.addAll(program.sweep(blocks));
        assertThat(uses).isEqualTo(expected(places, blocks));
      }
    }
  }

  @Test
  void aWholeSweepIsDemandedAheadWhereNothingCanPassAgain() {
    assertThat(program(5).ahead()).isEqualTo(expected(5, 1));
    assertThat(program(4).ahead()).isEmpty();
    TileProgram oneBlock = new TileProgram(checkpoint.spec(), store.tiles(), 2, tile -> true, true);
    assertThat(oneBlock.ahead()).isEqualTo(expected(2, 1));
    assertThat(oneBlock.sweep(1)).isEmpty();
  }

  /** Three layers with eight experts of three tiles each, behind a dense one. */
  @Test
  void expertsWaitForTheirRouters() throws IOException {
    try (Checkpoint mixture = Checkpoint.open(TestEngines.golden("glm4-moe").toString())) {
      List<Tile> tiles = LayerStore.of(mixture, LayerStore.MAX_TILE_BYTES).tiles();
      TileProgram program = new TileProgram(mixture.spec(), tiles, 8, tile -> true, true);
      List<StageTiles> stages = program.stages();
      int first = 3; // the second layer's router, behind three stages
      assertThat(stages.get(first + 1).isExpert()).isTrue();
      assertThat(tiles(program.sweep(1))).isEqualTo(stages.get(first + 1).first());
      assertThat(program.behindExperts(first + 1)).isEqualTo(first + 9);
      assertThat(stages.get(first + 8)).hasToString("the expert 7 of layer 1");

      List<TileUse> next = program.from(first + 9, 1);
      assertThat(next.get(0).tile()).isEqualTo(stages.get(first + 9).first());
      assertThat(tiles(next))
          .isEqualTo(stages.get(first + 10).count() + stages.get(first + 9).count());
      assertThat(program.nextExperts(0)).isEqualTo(first + 1);
      assertThat(program.nextExperts(first + 1)).isEqualTo(first + 1);
      assertThat(program.nextExperts(stages.size() - 1)).isEqualTo(stages.size());

      assertThat(program.ahead()).isEqualTo(program.from(0, 1));
      assertThat(program.ahead()).isEmpty();
      assertThat(program.sweep(1)).isEmpty();
    }
  }

  private static int tiles(List<TileUse> uses) {
    return (int) uses.stream().map(TileUse::tile).distinct().count();
  }

  @Test
  void expertsAreInGroupsThatPlacesHold() {
    List<StageTiles> experts = new ArrayList<>();
    for (int i = 0; i < 7; i++) {
      experts.add(new StageTiles(null, 3 * i, 3, 3, true));
    }
    assertThat(ExpertGroup.of(experts, expert -> 0, 7))
        .containsExactly(
            new ExpertGroup(experts.subList(0, 2), true),
            new ExpertGroup(experts.subList(2, 4), true),
            new ExpertGroup(experts.subList(4, 6), true),
            new ExpertGroup(experts.subList(6, 7), true));
    assertThat(ExpertGroup.of(experts.subList(0, 2), expert -> 0, 3))
        .containsExactly(
            new ExpertGroup(experts.subList(0, 1), false),
            new ExpertGroup(experts.subList(1, 2), false));
    assertThat(new ExpertGroup(experts.subList(1, 2), false).uses(2, expert -> true))
        .containsExactly(
            new TileUse(3, true, false),
            new TileUse(4, true, false),
            new TileUse(5, true, false),
            new TileUse(3, false, true),
            new TileUse(4, false, true),
            new TileUse(5, false, true));
    assertThat(new ExpertGroup(experts.subList(0, 2), true).uses(2, expert -> true))
        .hasSize(6)
        .allMatch(use -> use.first() && use.last());
    assertThat(new ExpertGroup(experts.subList(0, 2), true).uses(2, e -> e.first() == 3))
        .hasSize(3)
        .allMatch(use -> use.tile() >= 3);
  }

  /** Tiles that nobody needs take places of a group that is under way, and none before it. */
  @Test
  void tilesThatAreSkippedTakePlacesOfTheirGroup() {
    List<StageTiles> experts = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      experts.add(new StageTiles(null, 3 * i, 3, 3, true));
    }
    assertThat(ExpertGroup.of(experts, expert -> expert.first() == 6 ? 2 : 0, 8))
        .containsExactly(
            new ExpertGroup(experts.subList(0, 2), true),
            new ExpertGroup(experts.subList(2, 4), true));
    assertThat(ExpertGroup.of(experts, expert -> expert.first() == 3 ? 2 : 0, 9))
        .containsExactly(
            new ExpertGroup(experts.subList(0, 2), true),
            new ExpertGroup(experts.subList(2, 4), true));
    assertThat(ExpertGroup.of(experts, expert -> expert.first() == 3 ? 2 : 0, 8))
        .containsExactly(
            new ExpertGroup(experts.subList(0, 1), true),
            new ExpertGroup(experts.subList(1, 3), true),
            new ExpertGroup(experts.subList(3, 4), true));
  }
}
