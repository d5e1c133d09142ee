package dev.strata.udfs.engine;

import dev.strata.udfs.model.DecoderSpec;
import dev.strata.udfs.model.LoopOrder;
import dev.strata.udfs.store.Tile;
import dev.strata.udfs.stream.TileUse;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;

/**
 * In which order the tiles of a sweep pass. The tiles of a stage that fits where kernels use them
 * pass once, and stay while all micro-batches stream past; those of another pass again for each
 * micro-batch. Those of experts pass when it is known which were chosen.
 */
final class TileProgram {

  /**
   * The tiles of one stage of one layer.
   *
   * @param of the stage
   * @param first the first of its tiles
   * @param bytes of all of them
   * @param stays whether all of them can be there at once
   */
  record StageTiles(DecoderSpec.StageOfLayer of, int first, int count, long bytes, boolean stays) {

    /** Where its tiles are among all. */
    IntStream tiles() {
      return IntStream.range(first, first + count);
    }

    /** Whether all micro-batches are over before its tiles pass. */
    boolean isGathered() {
      return of.stage().order() == LoopOrder.GATHERED;
    }

    /** Whether only tokens that chose it pass. */
    boolean isExpert() {
      return of.stage().isExpert();
    }

    /** Its tiles, as often as they pass. */
    void addUses(int passes, List<TileUse> uses) {
      for (int pass = 0; pass < passes; pass++) {
        for (int tile = first; tile < first + count; tile++) {
          uses.add(new TileUse(tile, pass == 0, pass == passes - 1));
        }
      }
    }

    @Override
    public String toString() {
      return "the %s of layer %d".formatted(of.stage().name(), of.layer());
    }
  }

  private final List<StageTiles> stages = new ArrayList<>();
  private final int places;
  private final boolean oneBlock;
  private int demanded;

  /**
   * @param places how many tiles can be where kernels use them
   * @param takesPlace whether a tile takes one of these places
   * @param oneBlock whether each sweep is a single micro-batch
   */
  TileProgram(
      DecoderSpec spec, List<Tile> tiles, int places, IntPredicate takesPlace, boolean oneBlock) {
    this.places = places;
    this.oneBlock = oneBlock;
    List<DecoderSpec.StageOfLayer> inOrder = spec.stages();
    int first = 0;
    for (int i = 1; i <= tiles.size(); i++) {
      if (i == tiles.size() || tiles.get(i).stage() != tiles.get(first).stage()) {
        DecoderSpec.StageOfLayer stage = inOrder.get(tiles.get(first).stage());
        List<Tile> own = tiles.subList(first, i);
        long taken = own.stream().filter(t -> takesPlace.test(t.index())).count();
        long bytes = own.stream().mapToLong(Tile::bytes).sum();
        stages.add(new StageTiles(stage, first, i - first, bytes, taken < places));
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

  /** Places where kernels use tiles that pass. */
  int places() {
    return places;
  }

  /**
   * What passes in a sweep of so many micro-batches before the first layer's experts, or at all,
   * less what was demanded ahead of it.
   */
  List<TileUse> sweep(int blocks) {
    int first = demanded;
    demanded = 0;
    return from(first, blocks);
  }

  /** What passes from a stage on, before the experts of the next layer that has any. */
  List<TileUse> from(int stage, int blocks) {
    List<TileUse> uses = new ArrayList<>();
    for (int i = stage; i < stages.size() && !stages.get(i).isExpert(); i++) {
      stages.get(i).addUses(passes(stages.get(i), blocks), uses);
    }
    return uses;
  }

  /** The first expert's stage from a stage on; the count of stages if there is none. */
  int nextExperts(int stage) {
    int next = stage;
    while (next < stages.size() && !stages.get(next).isExpert()) {
      next++;
    }
    return next;
  }

  /** The stage behind the experts that begin with one. */
  int behindExperts(int stage) {
    int end = stage;
    while (end < stages.size() && stages.get(end).isExpert()) {
      end++;
    }
    return end;
  }

  /**
   * What passes first in the next sweep, whatever its micro-batches: up to the first stage whose
   * tiles may have to pass again, or be left out.
   */
  List<TileUse> ahead() {
    List<TileUse> uses = new ArrayList<>();
    while (demanded < stages.size()
        && !stages.get(demanded).isExpert()
        && passes(stages.get(demanded), oneBlock ? 1 : 2) == 1) {
      stages.get(demanded++).addUses(1, uses);
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
}
