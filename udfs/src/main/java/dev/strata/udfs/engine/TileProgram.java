package dev.strata.udfs.engine;

import dev.strata.udfs.model.DecoderSpec;
import dev.strata.udfs.model.LoopOrder;
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
   * @param of the stage
   * @param first the first of its tiles
   * @param stays whether all of them can be there at once
   */
  record StageTiles(DecoderSpec.StageOfLayer of, int first, int count, boolean stays) {

    /** Whether all micro-batches are over before its tiles pass. */
    boolean isGathered() {
      return of.stage().order() == LoopOrder.GATHERED;
    }

    @Override
    public String toString() {
      return "the %s of layer %d".formatted(of.stage().name(), of.layer());
    }
  }

  private final List<StageTiles> stages = new ArrayList<>();
  private final boolean oneBlock;
  private int demanded;

  /**
   * @param places how many tiles can be where kernels use them
   * @param takesPlace whether a tile takes one of these places
   * @param oneBlock whether each sweep is a single micro-batch
   */
  TileProgram(
      DecoderSpec spec, List<Tile> tiles, int places, IntPredicate takesPlace, boolean oneBlock) {
    this.oneBlock = oneBlock;
    List<DecoderSpec.StageOfLayer> inOrder = spec.stages();
    int first = 0;
    for (int i = 1; i <= tiles.size(); i++) {
      if (i == tiles.size() || tiles.get(i).stage() != tiles.get(first).stage()) {
        DecoderSpec.StageOfLayer stage = inOrder.get(tiles.get(first).stage());
        long taken =
            tiles.subList(first, i).stream().filter(t -> takesPlace.test(t.index())).count();
        stages.add(new StageTiles(stage, first, i - first, taken < places));
        first = i;
      }
    }
  }

  List<StageTiles> stages() {
    return stages;
  }

  /** The stages of the layers, for all of which hidden states are there. */
  List<StageTiles> ofLayers() {
    return stages.subList(0, stages.size() - 1);
  }

  StageTiles ofHead() {
    return stages.get(stages.size() - 1);
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
    return stage.stays() || stage.isGathered() ? 1 : blocks;
  }

  private static void add(StageTiles stage, boolean first, boolean last, List<TileUse> uses) {
    for (int tile = stage.first(); tile < stage.first() + stage.count(); tile++) {
      uses.add(new TileUse(tile, first, last));
    }
  }
}
