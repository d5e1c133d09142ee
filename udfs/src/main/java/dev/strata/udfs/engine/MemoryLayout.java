package dev.strata.udfs.engine;

import dev.strata.udfs.api.EngineOptions;
import dev.strata.udfs.api.StrataException;
import dev.strata.udfs.kv.KvBatch;
import dev.strata.udfs.kv.KvFormat;
import dev.strata.udfs.kv.StateFormat;
import dev.strata.udfs.kv.StatePool;
import dev.strata.udfs.model.DecoderSpec;
import dev.strata.udfs.tensor.AttentionKernels;
import dev.strata.udfs.tensor.Footprint;
import dev.strata.udfs.tensor.HostTiles;
import dev.strata.udfs.tensor.ProductKernels;
import dev.strata.udfs.transformer.ActivationSizes;
import dev.strata.udfs.transformer.Choices;
import dev.strata.udfs.transformer.HeadPass;
import dev.strata.udfs.transformer.HeadTargets;
import dev.strata.udfs.transformer.Positions;
import dev.strata.udfs.transformer.ResidentWeights;
import java.util.List;

/**
 * The components of an engine on a kind of device: what each takes for a choice, which choices are
 * worth trying, and who gets what they leave.
 */
abstract class MemoryLayout {

  private static final long OVER_READ = 8 << 10;

  static final int LARGEST_WAVE = 1024;
  static final int LARGEST_SWEEP = 1 << 19;
  static final int LEAST_BLOCK = 16;
  static final int LEAST_KV_TOKENS = 256;
  static final long LARGEST_SCORES = 1 << 16;

  /** Where nobody says how long rows are. */
  static final int LONGEST_EXPECTED_ROW = 2048;

  /**
   * What a choice has to do with; limits are tried in turn.
   *
   * @param hostBytes of host memory for everything
   * @param componentBytes of it for what is not keys and values nor weights that stay
   * @param leastBlock tokens that a micro-batch must have
   */
  record Limit(long hostBytes, long componentBytes, int leastBlock) {}

  /** So long a text can be read, of which keys and values are kept, if it is one at a time. */
  private static final int LONGEST_READ_ROW = 32 << 10;

  private static final int MOST_WAVES_OF_ROWS = 2;

  final ModelSize model;
  final DecoderSpec spec;
  final EngineOptions options;
  final DeviceTraits device;

  final ActivationSizes activations;

  /** Keys and values as attention sees them. */
  final KvFormat plain;

  /** States of sequences where layers recur. */
  final StateFormat states;

  /** The most experts of a token. */
  final int mostChosen;

  private final int mostHeads;
  private final boolean rotatesByLength;

  MemoryLayout(ModelSize model, EngineOptions options, DeviceTraits device) {
    this.model = model;
    this.spec = model.spec();
    this.options = options;
    this.device = device;
    this.activations = ActivationSizes.of(spec);
    this.mostChosen = spec.mostChosen();
    this.mostHeads = spec.mostHeads();
    this.rotatesByLength = spec.rotatesByLength();
    this.plain = KvFormat.plain(spec, device.computeType());
    this.states = StateFormat.of(spec);
  }

  static MemoryLayout of(ModelSize model, EngineOptions options, DeviceTraits device) {
    return device.onHost()
        ? new ResidentLayout(model, options, device)
        : new StagedLayout(model, options, device);
  }

  /** What may be chosen, from the most generous to the least that works. */
  abstract List<PlanChoice> choices();

  /**
   * What choices are measured by, one limit after the other until a choice is within it.
   *
   * @param least the least that works, which the last limit holds
   */
  abstract List<Limit> limits(PlanChoice least);

  abstract boolean fits(PlanChoice choice, Limit limit);

  /**
   * @param least the least that works
   * @throws StrataException if a budget does not hold it
   */
  abstract void requireBudgets(PlanChoice least);

  /** The plan with a choice that fits: keys and values and weights get the rest. */
  abstract MemoryPlan plan(PlanChoice choice, Limit limit);

  /** Whether several experts are computed at once. */
  boolean computesExpertsAtOnce(PlanChoice choice) {
    return false;
  }

  /** What the components take that each kind of device has. */
  final Footprint common(PlanChoice choice) {
    return Footprint.sum(
        WeightConversion.footprint(
            model, choice.tileBytes(), device.computeType(), computesExpertsAtOnce(choice)),
        device.onCpu()
            ? ProductKernels.products(device.attentionThreads(), tileRows(choice))
            : Footprint.NONE,
        ResidentWeights.footprint(model.vectorElements(), device.computeType()),
        activations.footprint(device.activationType(), choice.blockTokens()),
        activations.temporaries(
            device.activationType(), choice.blockTokens(), tileRows(choice) + 1, device.onCpu()),
        head(choice),
        ReadAhead.footprint(choice.waveRows()),
        EmbeddingReader.onDevice(choice.stagedRows(), embeddingRowBytes()),
        EmbeddingReader.staged(choice.stagedRows(), embeddingRowBytes(), device.pinned()),
        scores(choice),
        Choices.footprint(choice.sweepTokens(), mostChosen, model.experts(), choice.blockTokens()),
        Positions.footprint(choice.sweepTokens(), rotatesByLength),
        KvBatch.footprint(runs(choice), choice.sweepTokens()));
  }

  /** Rows of the wave, some of which go on in another micro-batch, and continuations of prompts. */
  private static int runs(PlanChoice choice) {
    return choice.waveRows() + choice.sweepTokens() / choice.blockTokens() + choice.readRows();
  }

  /** What passing states takes, and what kernels have of them meanwhile. */
  final Footprint passingStates(PlanChoice choice, boolean streams) {
    return StatePlan.besidePool(states, choice, streams, runs(choice), threads());
  }

  /** Places for a wave, as many again where they are no memory. */
  final StatePlan statesOnDevice(PlanChoice choice) {
    int rows = choice.waveRows();
    int places =
        states.isEmpty() ? StatePool.MOST_PLACES * rows : Math.max(StatePool.MOST_PLACES, rows);
    return StatePlan.onDevice(states, choice, places, threads());
  }

  final int threads() {
    return Math.max(1, device.attentionThreads());
  }

  /** The choice with as many rows as their states, keys and values leave room for. */
  final PlanChoice withRoomForStates(PlanChoice choice, long bytes, long tokenBytes) {
    if (states.isEmpty()) {
      return choice;
    }
    long row = states.rowBytes() + Math.min(expectedRow(), LONGEST_EXPECTED_ROW) * tokenBytes;
    return choice.withWave(clamp(bytes / row, 1, choice.waveRows()));
  }

  private Footprint head(PlanChoice choice) {
    long columns = Math.min(Math.max(1, tileRows(choice)), spec.vocabSize());
    long rows = (long) choice.waveRows() + choice.logitRows() + choice.readRows();
    return Footprint.sum(
        HeadRows.footprint(rows, spec.hiddenSize(), device.computeType()),
        HeadPass.footprint(rows, choice.headRowsAtOnce(), columns, device.computeType()),
        HeadTargets.footprint((long) choice.waveRows() + choice.readRows()),
        Head.logits(choice.logitRows(), spec.vocabSize(), device.pinned()));
  }

  /** Of a matrix whose rows are hidden states. */
  private long tileRows(PlanChoice choice) {
    return model.mostElements(choice.tileBytes(), type -> true) / spec.hiddenSize();
  }

  private long embeddingRowBytes() {
    return (long) spec.stateWidth() * Float.BYTES;
  }

  /**
   * What the wave's rows take on the heap, and as many that wait. Rows that were put back keep
   * their tokens, so there may be more than keys and values have room for.
   */
  final Footprint rows(PlanChoice choice, int kvTokens) {
    long most = (long) choice.waveRows() * spec.contextLength();
    return Footprint.sum(
        Sequence.footprint(choice.waveRows(), Math.min(most, 2L * kvTokens)),
        RowQueue.footprint(MOST_WAVES_OF_ROWS * choice.waveRows()),
        SweepSchedule.footprint(choice.waveRows() + choice.readRows(), choice.sweepTokens()),
        TokenChooser.footprint(spec.vocabSize()));
  }

  /** The ring of tiles in host memory; an aligned read brings something along beside a tile. */
  final Footprint ring(PlanChoice choice) {
    long bytes = choice.tileBytes() + model.scalesSlackBytes() + OVER_READ;
    return HostTiles.ring(choice.slots(), bytes, device.pinned());
  }

  private Footprint scores(PlanChoice choice) {
    long scores = device.fusedAttention() ? 0 : choice.scores();
    return scoresFootprint(scores);
  }

  final Footprint scoresFootprint(long scores) {
    return AttentionKernels.scores(scores, mostHeads, device.attentionThreads());
  }

  static int clamp(long value, long least, long most) {
    return (int) Math.max(least, Math.min(most, value));
  }

  static void requireBudget(String key, long budget, long needed) {
    if (budget < needed) {
      throw StrataException.resources(
          "%s is %d MiB, but this model needs at least %d MiB with these options; set %s=%dm",
          key, budget >> 20, mebibytes(needed), key, mebibytes(needed));
    }
  }

  private static long mebibytes(long bytes) {
    return (bytes + (1 << 20) - 1) >> 20;
  }

  /**
   * Tokens of a wave whose keys and values are to be kept; of few rows where prompts are read,
   * which leave none unless they are said to be longer than a micro-batch.
   */
  final long keptTokens(PlanChoice choice) {
    return options.readsPrompts() && options.rowTokens() <= choice.blockTokens()
        ? Math.max(expectedRow(), Math.min(spec.contextLength(), LONGEST_READ_ROW))
        : choice.waveRows() * expectedRow();
  }

  /** Tokens that a row is taken to have where nothing is known. */
  final long expectedRow() {
    return options.rowTokens() > 0
        ? options.rowTokens()
        : Math.min(spec.contextLength(), LONGEST_EXPECTED_ROW);
  }
}
