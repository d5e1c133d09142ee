package dev.strata.udfs.engine;

import static dev.strata.udfs.tensor.Footprint.Place.DEVICE;
import static dev.strata.udfs.tensor.Footprint.Place.HOST;

import dev.strata.udfs.api.EngineOptions;
import dev.strata.udfs.api.StrataException;
import dev.strata.udfs.kv.KvPool;
import dev.strata.udfs.kv.ResidentKv;
import dev.strata.udfs.kv.StatePool;
import dev.strata.udfs.tensor.Footprint;
import dev.strata.udfs.tensor.HostTiles;
import java.util.ArrayList;
import java.util.List;

/**
 * Kernels use host memory, which holds everything: tiles in the places into which they are read,
 * hidden states of a whole sweep, keys and values where they stay.
 */
final class ResidentLayout extends MemoryLayout {

  private static final long LARGEST_DEFAULT_TILE = 64L << 20;
  private static final int DEFAULT_SLOTS = 4;

  /** Experts' tiles are small: the ring holds more of them, and none has a much larger place. */
  private static final long LEAST_EXPERT_TILE = 4L << 20;

  private static final long EXPERT_READ_AHEAD = 256L << 20;
  private static final int MOST_SLOTS = 64;
  private static final int LARGEST_DEFAULT_BLOCK = 2048;
  private static final int LARGEST_READ_ROWS = 1 << 14;

  /** Longer sequences have their scores counted as if they were as long. */
  private static final int LONGEST_COUNTED_ROW = 4096;

  /** A choice is tried with no part of it above a share of the budget, from an eighth down. */
  private static final int LARGEST_SHARE = 8;

  private final long budget;

  ResidentLayout(ModelSize model, EngineOptions options, DeviceTraits device) {
    super(model, options, device);
    this.budget = options.hostMemory();
    if (options.kvType().equals("int8")) {
      throw StrataException.usage(
          "spark.strata.kv.type is int8, but keys and values do not wait in host memory here: that"
              + " is for GPUs; leave it auto");
    }
  }

  @Override
  List<PlanChoice> choices() {
    List<PlanChoice> choices = new ArrayList<>();
    for (long share = LARGEST_SHARE; share <= budget; share *= 2) {
      choices.add(choose(budget / share));
    }
    choices.add(choose(0));
    return choices;
  }

  @Override
  List<Limit> limits(PlanChoice least) {
    return List.of(new Limit(budget, budget, 1));
  }

  @Override
  void requireBudgets(PlanChoice least) {
    long needed = bytes(components(least)) + leastRows();
    requireBudget("spark.strata.host.memory", budget, needed);
  }

  /**
   * Keys and values bound the wave, and the wave the throughput: they get a third, or all they can
   * use.
   */
  @Override
  boolean fits(PlanChoice choice, Limit limit) {
    long wanted = Math.min(limit.hostBytes() / 3, wantedKvTokens(choice) * plain.tokenBytes());
    return limit.hostBytes() - bytes(components(choice)) >= Math.max(wanted, leastRows());
  }

  /** Hardly any keys and values, and the states that a single row may have. */
  private long leastRows() {
    return LEAST_KV_TOKENS * plain.tokenBytes() + StatePool.MOST_PLACES * states.rowBytes();
  }

  @Override
  MemoryPlan plan(PlanChoice fitting, Limit limit) {
    Footprint components = components(fitting);
    long free = budget - bytes(components);
    long besideLeast = free - LEAST_KV_TOKENS * plain.tokenBytes();
    PlanChoice choice = withRoomForStates(fitting, besideLeast, plain.tokenBytes());
    StatePlan ofRows = statesOnDevice(choice);
    long rest = free - bytes(ofRows.pool());
    long weights = weightsBytes(choice, rest);
    long most = Math.min(Integer.MAX_VALUE, wantedKvTokens(choice));
    int kvTokens = (int) Math.min(most, (rest - weights) / plain.tokenBytes());
    return new MemoryPlan(
        choice,
        new MemoryPlan.KvPlan(plain, kvTokens, 0),
        ofRows,
        Footprint.sum(
            components,
            ofRows.pool(),
            KvPool.footprint(plain, kvTokens),
            HostTiles.residents(weights),
            rows(choice, kvTokens)),
        new MemoryPlan.Budgets(true, 0, budget));
  }

  /** What keys and values of rows as long as expected leave, if nobody says how much. */
  private long weightsBytes(PlanChoice choice, long rest) {
    boolean asked = options.weightsMemory() >= 0;
    long all = model.weightBytes(choice.tileBytes());
    long most = asked ? Math.min(all, options.weightsMemory()) : all;
    long kvTokens = asked ? LEAST_KV_TOKENS : expectedKvTokens(choice);
    return Math.max(0, Math.min(rest - kvTokens * plain.tokenBytes(), most));
  }

  private long expectedKvTokens(PlanChoice choice) {
    return Math.max(LEAST_KV_TOKENS, Math.max(spec.contextLength(), keptTokens(choice)));
  }

  private long wantedKvTokens(PlanChoice choice) {
    return options.readsPrompts()
        ? expectedKvTokens(choice)
        : (long) choice.waveRows() * spec.contextLength();
  }

  private static long bytes(Footprint footprint) {
    return footprint.bytes(DEVICE, HOST);
  }

  /** A choice in which no part takes much more than {@code part} bytes, if its least allows. */
  private PlanChoice choose(long part) {
    long tile =
        tileBytes(
            options.tileBytes() > 0
                ? options.tileBytes()
                : Math.min(largestTile(), part / DEFAULT_SLOTS));
    int block = blockTokens(part);
    int wave = waveRows(part);
    int slots = slots(part, tile);
    boolean stageFits = slots > model.stageTiles(tile);
    int sweep = Math.max(wave, stageFits ? sweepTokens(part, block) : block);
    // Several blocks need a whole stage in the ring; without one a sweep is a single block.
    return new PlanChoice(
        tile,
        slots,
        0,
        stageFits ? block : sweep,
        sweep,
        wave,
        logitRows(part, wave),
        readRows(part, sweep),
        scores(part),
        0);
  }

  private long scores(long part) {
    long row = Math.min(spec.contextLength(), LONGEST_COUNTED_ROW);
    long each = scoresFootprint(1).bytes(DEVICE);
    return Math.max(row, Math.min(LARGEST_SCORES, part / each));
  }

  private long largestTile() {
    return model.experts() == 0
        ? LARGEST_DEFAULT_TILE
        : clamp(model.expertBytes(), LEAST_EXPERT_TILE, LARGEST_DEFAULT_TILE);
  }

  private long tileBytes(long wanted) {
    return Math.max(wanted, model.largestRowBytes());
  }

  private int blockTokens(long part) {
    return options.microBatchTokens() > 0
        ? options.microBatchTokens()
        : clamp(part / blockBytesPerToken(), LEAST_BLOCK, LARGEST_DEFAULT_BLOCK);
  }

  private int waveRows(long part) {
    return options.waveSize() > 0
        ? options.waveSize()
        : clamp(part / hiddenBytesPerToken(), 1, LARGEST_WAVE);
  }

  private int sweepTokens(long part, int block) {
    return clamp(part / hiddenBytesPerToken(), block, LARGEST_SWEEP);
  }

  private int readRows(long part, int sweep) {
    int most = Math.max(PlanChoice.LEAST_READ_ROWS, Math.min(sweep, LARGEST_READ_ROWS));
    return clamp(part / hiddenBytesPerToken(), PlanChoice.LEAST_READ_ROWS, most);
  }

  private int logitRows(long part, int wave) {
    long row = Head.logits(1, spec.vocabSize(), false).bytes(HOST);
    return clamp(part / row, 1, Math.min(wave, Integer.MAX_VALUE / row));
  }

  /** Slots for a whole stage and two more, if two shares of the budget hold them; experts' more. */
  private int slots(long part, long tile) {
    long wanted = Math.max(model.stageTiles(tile) + 2, DEFAULT_SLOTS);
    long ahead = model.experts() == 0 ? 0 : Math.min(EXPERT_READ_AHEAD, 2 * part) / tile;
    return wanted * tile <= 2 * part
        ? (int) Math.max(wanted, Math.min(ahead, MOST_SLOTS))
        : clamp(part / tile, 2, DEFAULT_SLOTS);
  }

  private Footprint components(PlanChoice choice) {
    return Footprint.sum(
        ring(choice),
        ResidentHidden.footprint(choice.sweepTokens(), hiddenBytesPerToken()),
        ResidentKv.footprint(plain, choice.blockTokens()),
        passingStates(choice, false),
        common(choice));
  }

  private long hiddenBytesPerToken() {
    long kept = mostChosen > 0 ? (long) spec.hiddenSize() * device.activationType().bytes() : 0;
    return (long) spec.stateWidth() * device.residualType().bytes() + kept;
  }

  private long blockBytesPerToken() {
    return activations.elementsPerBlockToken() * device.activationType().bytes();
  }
}
