package dev.strata.udfs.engine;

import dev.strata.udfs.concurrent.Activity;
import dev.strata.udfs.engine.TileProgram.StageTiles;
import dev.strata.udfs.store.Tile;
import dev.strata.udfs.stream.TileStreamer;
import dev.strata.udfs.tensor.Holdings;
import dev.strata.udfs.tensor.Lane;
import dev.strata.udfs.tensor.Tensor;
import dev.strata.udfs.transformer.BlockState;
import dev.strata.udfs.transformer.ExpertBatch;
import dev.strata.udfs.transformer.StagePass;
import java.io.IOException;
import java.util.List;
import java.util.Objects;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;

/** A sweep's tiles as stages take them: one after the other as they come, counted and told of. */
final class PassingTiles {

  private final WeightStream weights;
  private final Lane compute;
  private final Counters counters;
  private final Activity activity;
  private final ReadLog reads;
  private final SweepRecorder recorder;
  private BooleanSupplier wanted;

  PassingTiles(
      WeightStream weights,
      Lane compute,
      Counters counters,
      ReadLog reads,
      SweepRecorder recorder) {
    this.weights = weights;
    this.compute = compute;
    this.counters = counters;
    this.activity = counters.activity();
    this.reads = reads;
    this.recorder = recorder;
  }

  /**
   * A sweep begins.
   *
   * @param isWanted whether somebody waits for it, which is asked before each tile
   */
  void begin(BooleanSupplier isWanted) {
    wanted = isWanted;
  }

  /**
   * The next tile, for a stage.
   *
   * @throws SweepCancelled if nobody waits for the sweep any more
   */
  TileStreamer.Lease next(StageTiles stage) throws IOException {
    if (!wanted.getAsBoolean()) {
      throw new SweepCancelled();
    }
    activity.begins(SweepStep.TILE, stage);
    long asked = System.nanoTime();
    TileStreamer.Lease lease = weights.next();
    recorder.waited(System.nanoTime() - asked);
    try {
      reads.kernelsStarted(lease.count());
      if (stage.isExpert() && lease.isKept()) {
        counters.expertKept(weights.tile(lease).bytes());
      }
      return lease;
    } catch (Throwable e) {
      Holdings.closeAfter(e, lease);
      throw e;
    }
  }

  /** Returns null, for the lease that is no more. */
  TileStreamer.Lease release(TileStreamer.Lease lease) {
    try (lease) {
      reads.kernelsEnded(lease.count());
    }
    long bytes = weights.tile(lease).bytes();
    counters.tileUsed(bytes);
    recorder.tileUsed(bytes);
    return null;
  }

  /** Those of experts that no token chose do not come. */
  void chosen(List<StageTiles> some, List<StageTiles> ofAll) {
    long bytes = bytes(some);
    counters.expertsChosen(bytes, bytes(ofAll));
    recorder.expertsChosen(bytes);
  }

  private static long bytes(List<StageTiles> experts) {
    return experts.stream().mapToLong(StageTiles::bytes).sum();
  }

  /** What a stage does with a tile, after the steps before the product if it is the first. */
  void compute(TileStreamer.Lease lease, StagePass pass, BlockState block) throws IOException {
    Tile tile = weights.tile(lease);
    activity.begins(SweepStep.KERNELS, tile);
    if (tile.firstRow() == 0) {
      pass.before(tile.step(), block);
    }
    compute.run(
        pass.label(tile.step()),
        () -> {
          try (Tensor rows = weights.matrix(lease)) {
            pass.apply(tile.step(), tile.firstRow(), rows, block);
          }
        });
  }

  /** How many experts of a layer there can be whose tiles are used at once. */
  int expertsAtOnce(StageTiles expert) {
    return weights.stagesAtOnce(expert);
  }

  /**
   * What some experts do at once.
   *
   * @param leases of each expert, a tile for each product
   * @param step how many places one expert's are behind those of the one before
   */
  void compute(
      ExpertBatch batch,
      ExpertBatch.Part part,
      List<TileStreamer.Lease[]> leases,
      int step,
      BlockState block) {
    activity.begins(SweepStep.KERNELS, weights.tile(leases.get(0)[0]));
    batch.run(
        part,
        product -> weights.matrices(leases.stream().map(each -> each[product]).toList(), step),
        block);
  }

  /** Gives back what a stage has still taken; nulls are skipped. */
  static void closeAll(TileStreamer.Lease[] leases) {
    try (Holdings held = new Holdings()) {
      Stream.of(leases).filter(Objects::nonNull).forEach(held::add);
    }
  }
}
