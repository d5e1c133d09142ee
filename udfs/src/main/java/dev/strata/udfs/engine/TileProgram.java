package dev.strata.udfs.engine;

import dev.strata.udfs.store.Stage;
import dev.strata.udfs.store.Tile;
import dev.strata.udfs.stream.TileUse;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntPredicate;

/**
 * In which order the tiles of a sweep pass. The tiles of a stage that fits where kernels use them
 * pass once, and stay while all micro-batches stream past; those of another pass again for each
 * micro-batch.
 */
final class TileProgram {

  /**
   * The tiles of one stage of one layer.
   *
   * @param first the first of them
   * @param stays whether all of them can be there at once
   */
  record StageTiles(Stage stage, int layer, int first, int count, boolean stays) {}

  private final List<StageTiles> stages = new ArrayList<>();
  private final boolean oneBlock;
  private int demanded;

  /**
   * @param places how many tiles can be where kernels use them
   * @param takesPlace whether a tile takes one of these places
   * @param oneBlock whether each sweep is a single micro-batch
   */
  TileProgram(List<Tile> tiles, int places, IntPredicate takesPlace, boolean oneBlock) {
    this.oneBlock = oneBlock;
    int first = 0;
    for (int i = 1; i <= tiles.size(); i++) {
      if (i == tiles.size() || !isSameStage(tiles.get(i), tiles.get(first))) {
        Tile tile = tiles.get(first);
        long taken =
            tiles.subList(first, i).stream().filter(t -> takesPlace.test(t.index())).count();
        stages.add(
            new StageTiles(tile.stage(), tile.weight().layer(), first, i - first, taken < places));
        first = i;
      }
    }
  }

  private static boolean isSameStage(Tile a, Tile b) {
    return a.stage() == b.stage() && a.weight().layer() == b.weight().layer();
  }

  List<StageTiles> stages() {
    return stages;
  }

  /** What passes in a sweep of so many micro-batches, less what was demanded ahead of it. */
  List<TileUse> sweep(int blocks) {
    List<TileUse> uses = new ArrayList<>();
    for (StageTiles stage : stages.subList(demanded, stages.size())) {
      int passes = passes(stage, blocks);
      for (int pass = 0; pass < passes; pass++) {
        add(stage, pass == 0, pass == passes - 1, uses);
      }
    }
    demanded = 0;
    return uses;
  }

  /**
   * What passes first in the next sweep, whatever its micro-batches: up to the first stage whose
   * tiles may have to pass again.
   */
  List<TileUse> ahead() {
    List<TileUse> uses = new ArrayList<>();
    while (demanded < stages.size() && passes(stages.get(demanded), oneBlock ? 1 : 2) == 1) {
      add(stages.get(demanded++), true, true, uses);
    }
    return uses;
  }

  /** What was demanded ahead is demanded no more. */
  void abandon() {
    demanded = 0;
  }

  private static int passes(StageTiles stage, int blocks) {
    return stage.stays() || stage.stage() == Stage.HEAD ? 1 : blocks;
  }

  private static void add(StageTiles stage, boolean first, boolean last, List<TileUse> uses) {
    for (int tile = stage.first(); tile < stage.first() + stage.count(); tile++) {
      uses.add(new TileUse(tile, first, last));
    }
  }
}
