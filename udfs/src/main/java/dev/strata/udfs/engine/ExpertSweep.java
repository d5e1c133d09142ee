package dev.strata.udfs.engine;

import dev.strata.udfs.engine.TileProgram.StageTiles;
import dev.strata.udfs.model.RoutingSpec;
import dev.strata.udfs.model.Step;
import dev.strata.udfs.stream.TileStreamer;
import dev.strata.udfs.stream.TileUse;
import dev.strata.udfs.transformer.BlockState;
import dev.strata.udfs.transformer.Choices;
import dev.strata.udfs.transformer.Positions;
import dev.strata.udfs.transformer.StagePass;
import dev.strata.udfs.transformer.TokenBlock;
import dev.strata.udfs.transformer.Transformer;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.function.Consumer;

/**
 * The experts of a layer in each sweep. Those that some token chose pass, once each: they are
 * outside and micro-batches inside. A single micro-batch lets tiles stream past; several let a
 * group of experts stay while they stream past it, as many as places hold. On a GPU several are
 * computed at once, see {@link ExpertBatches}.
 */
final class ExpertSweep {

  /**
   * Places for each tile of an expert, so that others come while some experts are computed at once.
   */
  private static final int PLACES_OF_TILES = 4;

  /** Parts of all places, one of which those may take that are computed at once as they pass. */
  private static final int PARTS_OF_PLACES = 4;

  private final List<StageTiles> all;
  private final int places;
  private final PassingTiles tiles;
  private final SweepMemory memory;
  private final Transformer transformer;
  private final RoutingSpec routing;
  private final ExpertDemand demand;
  private final int expertsAtOnce;
  private final boolean batched;
  private List<ExpertGroup> groups = List.of();
  private int chosenExperts;

  /**
   * @param first the first expert's stage, right behind the router's
   * @param end the stage behind the last
   */
  ExpertSweep(
      TileProgram program,
      int first,
      int end,
      WeightStream weights,
      PassingTiles tiles,
      SweepMemory memory,
      Transformer transformer) {
    this.all = program.stages().subList(first, end);
    this.places = program.places();
    this.tiles = tiles;
    this.memory = memory;
    this.transformer = transformer;
    this.routing = routing(program.stages().get(first - 1));
    this.demand = new ExpertDemand(all, weights);
    this.expertsAtOnce = tiles.expertsAtOnce(all.get(0));
    this.batched =
        leastPlaces(all.get(0).count()) <= places
            && expertsAtOnce > 1
            && transformer.batches(all.get(0).of());
  }

  /** Places without which experts of so many tiles are not computed at once. */
  static int leastPlaces(int tiles) {
    return PLACES_OF_TILES * tiles;
  }

  private static RoutingSpec routing(StageTiles router) {
    return router.of().stage().steps().stream()
        .filter(Step.Route.class::isInstance)
        .map(step -> ((Step.Route) step).routing())
        .findFirst()
        .orElseThrow(() -> new IllegalStateException("no router in " + router));
  }

  /** The tiles that will pass first, as good as certainly, before the router has run. */
  List<TileUse> ahead(List<TokenBlock> blocks) {
    boolean passOnce = blocks.size() == 1 || all.get(0).count() < places;
    return passOnce ? demand.ahead(tokens(blocks)) : List.of();
  }

  private static long tokens(List<TokenBlock> blocks) {
    return blocks.stream().mapToLong(TokenBlock::tokens).sum();
  }

  /** The sweep is given up. */
  void abandon() {
    demand.abandon();
  }

  /** Waits for the router and returns the tiles that will pass behind those ahead. */
  List<TileUse> choose(List<TokenBlock> blocks) {
    Choices choices = memory.choices();
    choices.settle(blocks, routing);
    List<StageTiles> chosen = demand.settle(this::count, chosen(), tokens(blocks));
    tiles.chosen(chosen, all);
    if (batched) {
      int[] experts = chosen.stream().mapToInt(expert -> expert.of().stage().expert()).toArray();
      choices.bound(blocks, experts);
    }
    chosenExperts = chosen.size();
    groups =
        blocks.size() == 1
            ? List.of(new ExpertGroup(chosen, true))
            : ExpertGroup.of(chosen, demand::skipped, places);
    List<TileUse> uses = new ArrayList<>();
    for (ExpertGroup group : groups) {
      uses.addAll(group.uses(passes(group, blocks), expert -> !demand.isAnnounced(expert)));
    }
    return uses;
  }

  /** Where several are computed at once, those that have as many tokens follow each other. */
  private List<StageTiles> chosen() {
    List<StageTiles> chosen = all.stream().filter(expert -> count(expert) > 0).toList();
    return batched
        ? chosen.stream().sorted(Comparator.comparingInt(expert -> -count(expert))).toList()
        : chosen;
  }

  private int count(StageTiles expert) {
    return memory.choices().count(expert.of().stage().expert());
  }

  private int count(StageTiles expert, TokenBlock block) {
    return memory.choices().count(expert.of().stage().expert(), block);
  }

  private int passes(ExpertGroup group, List<TokenBlock> blocks) {
    StageTiles expert = group.experts().get(0);
    return (int) blocks.stream().filter(block -> count(expert, block) > 0).count();
  }

  /**
   * Runs them, when their tiles are demanded.
   *
   * @param next what happens to the blocks behind them
   * @param then what is done with each block at the end
   */
  void run(
      List<TokenBlock> blocks,
      Positions positions,
      HiddenStates.Next next,
      Consumer<BlockState> then)
      throws IOException {
    int position = 0;
    for (int i = 0; i < groups.size(); i++) {
      boolean isLast = i == groups.size() - 1;
      run(
          groups.get(i),
          position,
          blocks,
          positions,
          isLast ? next : HiddenStates.Next.OPENED_WITH_KEPT,
          isLast ? then : block -> {});
      position += groups.get(i).experts().size();
    }
  }

  /**
   * @param position of the first among the chosen ones
   */
  private void run(
      ExpertGroup group,
      int position,
      List<TokenBlock> blocks,
      Positions positions,
      HiddenStates.Next next,
      Consumer<BlockState> then)
      throws IOException {
    List<StageTiles> experts = group.experts();
    boolean stays = group.stays() && blocks.size() > 1;
    ExpertBatches batches = batched ? batches(stays, positions) : null;
    TileStreamer.Lease[][] leases = new TileStreamer.Lease[experts.size()][];
    for (int i = 0; i < leases.length; i++) {
      leases[i] = new TileStreamer.Lease[experts.get(i).count()];
    }
    try {
      for (int block = 0; block < blocks.size(); block++) {
        boolean arriving = block == 0 || !stays;
        boolean leaving = block == blocks.size() - 1 || !stays;
        try (HiddenStates.Access access = memory.hidden().open(next)) {
          if (batched) {
            batches.begin(access.state(), block * chosenExperts, leaving);
          }
          for (int i = 0; i < leases.length; i++) {
            StageTiles expert = experts.get(i);
            int tokens = count(expert, blocks.get(block));
            if (batched && tokens > 0) {
              if (!stays && demand.skipped(expert) > 0) {
                batches.run(); // places that nobody needs are given back behind theirs
              }
              take(expert, leases[i], arriving);
              batches.add(position + i, expert, tokens, leases[i]);
            } else if (stays || tokens > 0) {
              if (batched) {
                batches.run(); // tiles are given back as they came
              }
              StagePass pass = transformer.pass(expert.of(), positions);
              run(expert, leases[i], pass, access.state(), arriving, leaving);
            }
          }
          if (batched) {
            batches.end();
          }
          then.accept(access.state());
        }
      }
    } finally {
      for (TileStreamer.Lease[] each : leases) {
        PassingTiles.closeAll(each);
      }
    }
  }

  /** Of experts that pass, few at once: what comes last is computed when nothing else comes. */
  private ExpertBatches batches(boolean stays, Positions positions) {
    int passing = Math.max(2, places / PARTS_OF_PLACES / all.get(0).count());
    return new ExpertBatches(
        tiles,
        transformer,
        positions,
        transformer.batch(all.get(0).of()),
        Math.min(expertsAtOnce, stays ? all.size() : passing),
        routing.chosen());
  }

  private void take(StageTiles expert, TileStreamer.Lease[] leases, boolean arriving)
      throws IOException {
    for (int i = 0; i < leases.length && arriving; i++) {
      leases[i] = tiles.next(expert);
    }
  }

  private void run(
      StageTiles expert,
      TileStreamer.Lease[] leases,
      StagePass pass,
      BlockState state,
      boolean arriving,
      boolean leaving)
      throws IOException {
    boolean isChosen = count(expert, state.block()) > 0;
    for (int i = 0; i < leases.length; i++) {
      leases[i] = arriving ? tiles.next(expert) : leases[i];
      if (isChosen) {
        tiles.compute(leases[i], pass, state);
      }
      leases[i] = leaving ? tiles.release(leases[i]) : leases[i];
    }
    if (isChosen) {
      pass.after(state);
    }
  }
}
