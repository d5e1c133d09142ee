package dev.strata.udfs.engine;

import dev.strata.udfs.api.EngineOptions;
import dev.strata.udfs.api.StrataException;
import dev.strata.udfs.kv.KvFormat;
import dev.strata.udfs.kv.KvPool;
import dev.strata.udfs.model.DecoderSpec;
import dev.strata.udfs.store.LayerStore;
import dev.strata.udfs.tensor.ComputeDevice;
import dev.strata.udfs.tensor.NumberType;
import dev.strata.udfs.transformer.Activations;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * How the budget is divided, computed before the first sweep. The run obeys it.
 *
 * @param tileBytes the most bytes of a tile
 * @param slots slots of the ring
 * @param blockTokens the most tokens of a micro-batch
 * @param sweepTokens the most tokens of a sweep
 * @param waveRows the most sequences in the wave
 * @param logitRows the most tokens of a sweep whose logits are kept in full
 * @param scores the most products of query rows with keys, for each head, that a thread's attention
 *     makes at once
 * @param kvTokens token slots of the KV pool
 * @param weightsBytes bytes of host memory that tiles may stay in
 * @param parts bytes of host memory by purpose
 * @param budget bytes of host memory there are
 * @param staging what is planned besides where the device is not the host, else null
 */
record MemoryPlan(
    long tileBytes,
    int slots,
    int blockTokens,
    int sweepTokens,
    int waveRows,
    int logitRows,
    long scores,
    int kvTokens,
    long weightsBytes,
    Map<String, Long> parts,
    long budget,
    Staging staging) {

  /**
   * The part of a plan that only a device apart has.
   *
   * @param places places for tiles on the device
   * @param kvBytes bytes of a KV pool in host memory; 0 where it is on the device
   * @param kvFormat how keys and values lie in that pool
   * @param kvSlotTokens tokens of a slot through which keys and values pass
   * @param parts bytes of the device's memory by purpose
   * @param budget bytes of the device's memory there are
   */
  record Staging(
      int places,
      long kvBytes,
      KvFormat kvFormat,
      int kvSlotTokens,
      Map<String, Long> parts,
      long budget) {

    boolean kvOnHost() {
      return kvBytes > 0;
    }
  }

  /**
   * What the plan has to know of a device.
   *
   * @param computeType the type of the mathematics
   * @param residualBytes bytes of an element of the residual stream
   * @param onHost whether the device is the host, so that the host budget holds everything
   * @param pinned whether host memory is pinned, and comes in powers of two
   * @param fusedAttention whether attention needs no memory for scores
   * @param attentionThreads otherwise, how many threads need some
   */
  record DeviceTraits(
      NumberType computeType,
      int residualBytes,
      boolean onHost,
      boolean pinned,
      boolean fusedAttention,
      int attentionThreads) {

    int computeBytes() {
      return computeType.bytes();
    }

    /** Bytes that attention takes for each product of a query row with a key. */
    long scoreBytes(int heads) {
      return fusedAttention ? 0 : (long) SCORE_COPIES * attentionThreads * heads * Float.BYTES;
    }

    static DeviceTraits of(ComputeDevice device, DecoderSpec spec) {
      return new DeviceTraits(
          device.computeType(),
          device.residualType().bytes(),
          device.isHost(),
          device.pinsMemory(),
          device.hasFusedAttention(spec.headDim()),
          device.kernelThreads());
    }
  }

  private static final long LARGEST_DEFAULT_TILE = 64L << 20;
  private static final int DEFAULT_SLOTS = 4;
  private static final int LARGEST_DEFAULT_BLOCK = 2048;
  static final int LARGEST_DEFAULT_SWEEP = 1 << 19;
  private static final int LARGEST_STAGED_ROWS = 1024;
  static final int LARGEST_DEFAULT_WAVE = 1024;

  /** What an aligned read brings along beside a tile, and what its place is rounded up by. */
  private static final long PLACE_SLACK_BYTES = 16 << 10;

  /** Where nobody says how long rows are. */
  static final int LONGEST_EXPECTED_ROW = 2048;

  static final int LEAST_BLOCK = 16;
  static final int LEAST_KV_TOKENS = 256;

  /**
   * Scores, the mask added to them, their exponentials and the heads that share keys (measured on a
   * CPU).
   */
  static final int SCORE_COPIES = 4;

  /** Longer sequences have their scores counted as if they were as long. */
  private static final int LONGEST_COUNTED_ROW = 4096;

  static final long LARGEST_DEFAULT_SCORES = 1 << 16;

  /**
   * What the plan has to know of a checkpoint.
   *
   * @param storedBytes bytes of the widest element of a matrix
   * @param largestRowBytes bytes of the longest row of a matrix
   * @param matrices all matrices
   * @param stages those of each stage of a layer; equal stages once
   * @param vectorElements elements of all norms and biases
   */
  record ModelSize(
      DecoderSpec spec,
      int storedBytes,
      long largestRowBytes,
      List<MatrixSize> matrices,
      Set<List<MatrixSize>> stages,
      long vectorElements) {

    /** Bytes that all tiles take in places of their own. */
    long weightBytes(long tileBytes) {
      return matrices.stream()
          .mapToLong(m -> m.rows() * m.rowBytes() + m.tiles(tileBytes) * PLACE_SLACK_BYTES)
          .sum();
    }

    /** The most tiles that a stage is cut into. */
    long stageTiles(long tileBytes) {
      return stages.stream()
          .mapToLong(stage -> stage.stream().mapToLong(m -> m.tiles(tileBytes)).sum())
          .max()
          .orElse(0);
    }
  }

  /** Rows of a matrix and the bytes of each. */
  record MatrixSize(long rows, long rowBytes) {

    long tiles(long tileBytes) {
      return LayerStore.tileCount(rows, rowBytes, tileBytes);
    }
  }

  /**
   * Divides the budgets.
   *
   * @throws StrataException if one is too small, with the smallest that works
   */
  static MemoryPlan of(ModelSize model, EngineOptions options, DeviceTraits device) {
    return device.onHost()
        ? onHost(model, options, device)
        : new StagedPlanner(model, options, device).plan();
  }

  private static MemoryPlan onHost(ModelSize model, EngineOptions options, DeviceTraits device) {
    Planner planner = new Planner(model, options, device);
    long budget = options.hostMemory();
    if (options.kvType().equals("int8")) {
      throw StrataException.usage(
          "spark.strata.kv.type is int8, but keys and values do not wait in host memory here: that is"
              + " for GPUs; leave it auto");
    }
    requireBudget("spark.strata.host.memory", budget, planner.least());
    return planner.plan(budget);
  }

  /** Tokens that a row is taken to have where nothing is known. */
  static long expectedRow(ModelSize model, EngineOptions options) {
    return options.rowTokens() > 0
        ? options.rowTokens()
        : Math.min(model.spec().contextLength(), LONGEST_EXPECTED_ROW);
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

  /** Embedding rows read before they are copied to the device. */
  int stagedRows() {
    return stagedRows(staging == null ? sweepTokens : blockTokens);
  }

  static int stagedRows(int sweepTokens) {
    return Math.min(sweepTokens, LARGEST_STAGED_ROWS);
  }

  /** Bytes of the device's memory, the CUDA context included; 0 where the device is the host. */
  long deviceBytes() {
    return staging == null ? 0 : StagedPlanner.CONTEXT_BYTES + total(staging.parts());
  }

  /** Bytes of host memory. */
  long hostBytes() {
    return total(parts);
  }

  private static long total(Map<String, Long> parts) {
    return parts.values().stream().mapToLong(Long::longValue).sum();
  }

  /** The plan as a person reads it, a line for each part. */
  String describe() {
    StringBuilder text = new StringBuilder();
    text.append(
        String.format(
            "memory plan: %d MiB; tiles of at most %d KiB, ring of %d slots, micro-batch %d tokens,"
                + " sweep %d tokens, wave %d rows, KV pool %d tokens%n",
            budget >> 20, tileBytes >> 10, slots, blockTokens, sweepTokens, waveRows, kvTokens));
    describe(parts, text);
    if (staging != null) {
      text.append(
          String.format(
              "device: %d MiB; ring of %d tiles, keys and values %s%n",
              staging.budget() >> 20,
              staging.places(),
              staging.kvOnHost()
                  ? "in host memory, " + staging.kvSlotTokens() + " tokens at a time"
                  : "on the device"));
      describe(staging.parts(), text);
    }
    return text.toString();
  }

  private static void describe(Map<String, Long> parts, StringBuilder text) {
    parts.forEach(
        (part, bytes) ->
            text.append(String.format("  %-22s %10.1f MiB%n", part, bytes / 1048576.0)));
  }

  /** Works the parts out; the smallest plan and the real one differ in their choices only. */
  private record Planner(ModelSize model, EngineOptions options, DeviceTraits device) {

    /** The parts that are chosen. */
    private record Choice(
        long tileBytes,
        int slots,
        int blockTokens,
        int sweepTokens,
        int waveRows,
        int logitRows,
        long scores) {}

    long least() {
      return total(parts(choose(0))) + LEAST_KV_TOKENS * kvBytesPerToken();
    }

    MemoryPlan plan(long budget) {
      Choice choice = chooseWithin(budget);
      Map<String, Long> parts = parts(choice);
      long rest = budget - total(parts);
      long weights = weightsBytes(choice, rest);
      long most = Math.min(Integer.MAX_VALUE, wantedKvTokens(choice));
      int kvTokens = (int) Math.min(most, (rest - weights) / kvBytesPerToken());
      parts.put("keys and values", kvTokens * kvBytesPerToken());
      parts.put("weights that stay", weights);
      return new MemoryPlan(
          choice.tileBytes(),
          choice.slots(),
          choice.blockTokens(),
          choice.sweepTokens(),
          choice.waveRows(),
          choice.logitRows(),
          choice.scores(),
          kvTokens,
          weights,
          parts,
          budget,
          null);
    }

    /** What keys and values of rows as long as expected leave, if nobody says how much. */
    private long weightsBytes(Choice choice, long rest) {
      boolean asked = options.weightsMemory() >= 0;
      long most = asked ? options.weightsMemory() : model.weightBytes(choice.tileBytes());
      long kvTokens = asked ? LEAST_KV_TOKENS : expectedKvTokens(choice);
      long beside = rest - kvTokens * kvBytesPerToken();
      return Math.max(0, Math.min(beside, Math.min(most, model.weightBytes(choice.tileBytes()))));
    }

    private long expectedKvTokens(Choice choice) {
      long expected = choice.waveRows() * expectedRow(model, options);
      return Math.max(LEAST_KV_TOKENS, Math.max(model.spec().contextLength(), expected));
    }

    /** The most generous choice that leaves room for keys and values. */
    private Choice chooseWithin(long budget) {
      for (long share = 8; share <= budget; share *= 2) {
        Choice choice = choose(budget / share);
        if (leavesRoom(choice, budget)) {
          return choice;
        }
      }
      return choose(0);
    }

    /**
     * Keys and values bound the wave, and the wave the throughput: they get a third, or all they
     * can use.
     */
    private boolean leavesRoom(Choice choice, long budget) {
      long wanted = Math.min(budget / 3, wantedKvTokens(choice) * kvBytesPerToken());
      long least = LEAST_KV_TOKENS * kvBytesPerToken();
      return budget - total(parts(choice)) >= Math.max(wanted, least);
    }

    private long wantedKvTokens(Choice choice) {
      return (long) choice.waveRows() * model.spec().contextLength();
    }

    /** A choice in which no part takes much more than {@code part} bytes, if its least allows. */
    private Choice choose(long part) {
      long tile =
          tileBytes(
              options.tileBytes() > 0
                  ? options.tileBytes()
                  : Math.min(LARGEST_DEFAULT_TILE, part / DEFAULT_SLOTS));
      int block = blockTokens(part);
      int wave = waveRows(part);
      int slots = slots(part, tile);
      boolean stageFits = slots > model.stageTiles(tile);
      int sweep = Math.max(wave, stageFits ? sweepTokens(part, block) : block);
      // Several blocks need a whole stage in the ring; without one a sweep is a single block.
      return new Choice(
          tile, slots, stageFits ? block : sweep, sweep, wave, logitRows(part, wave), scores(part));
    }

    private long scores(long part) {
      long row = Math.min(model.spec().contextLength(), LONGEST_COUNTED_ROW);
      return Math.max(row, Math.min(LARGEST_DEFAULT_SCORES, part / scoreBytes()));
    }

    private long scoreBytes() {
      return device.scoreBytes(model.spec().heads());
    }

    private long tileBytes(long wanted) {
      return Math.max(wanted, model.largestRowBytes());
    }

    private int blockTokens(long part) {
      if (options.microBatchTokens() > 0) {
        return options.microBatchTokens();
      }
      return clamp(part / blockBytesPerToken(), LEAST_BLOCK, LARGEST_DEFAULT_BLOCK);
    }

    private int waveRows(long part) {
      if (options.waveSize() > 0) {
        return options.waveSize();
      }
      return clamp(part / hiddenBytesPerToken(), 1, LARGEST_DEFAULT_WAVE);
    }

    private int sweepTokens(long part, int block) {
      return clamp(part / hiddenBytesPerToken(), block, LARGEST_DEFAULT_SWEEP);
    }

    private int logitRows(long part, int wave) {
      long most = Math.min(wave, Integer.MAX_VALUE / logitBytesPerRow());
      return clamp(part / logitBytesPerRow(), 1, most);
    }

    /** Slots for a whole stage and two more, if two shares of the budget hold them. */
    private int slots(long part, long tile) {
      long wanted = Math.max(model.stageTiles(tile) + 2, DEFAULT_SLOTS);
      return wanted * tile <= 2 * part ? (int) wanted : clamp(part / tile, 2, DEFAULT_SLOTS);
    }

    private static int clamp(long value, long least, long most) {
      return (int) Math.max(least, Math.min(most, value));
    }

    private Map<String, Long> parts(Choice choice) {
      long tileElements = choice.tileBytes() / model.storedBytes();
      boolean converts = model.storedBytes() != device.computeBytes();
      Map<String, Long> parts = new LinkedHashMap<>();
      parts.put("tile ring", choice.slots() * choice.tileBytes());
      parts.put("tile conversion", converts ? tileElements * device.computeBytes() : 0);
      parts.put("norms and biases", model.vectorElements() * device.computeBytes());
      parts.put("hidden states", choice.sweepTokens() * hiddenBytesPerToken());
      parts.put("new keys and values", choice.blockTokens() * kvBytesPerToken() / layers());
      parts.put("micro-batch", choice.blockTokens() * blockBytesPerToken());
      parts.put("attention scores", choice.scores() * scoreBytes());
      parts.put("embedding rows", stagedRows(choice.sweepTokens()) * embeddingRowBytes());
      parts.put("head", headBytes(choice, tileElements));
      parts.put("logits", choice.logitRows() * logitBytesPerRow());
      return parts;
    }

    private long headBytes(Choice choice, long tileElements) {
      long tileRows = Math.max(1, tileElements / model.spec().hiddenSize());
      long columns = Math.min(tileRows, model.spec().vocabSize());
      int rows = Math.min(choice.blockTokens(), choice.waveRows());
      return choice.waveRows() * (long) model.spec().hiddenSize() * device.computeBytes()
          + rows * columns * Float.BYTES;
    }

    private int layers() {
      return model.spec().layers().size();
    }

    private long embeddingRowBytes() {
      return (long) model.spec().hiddenSize() * Float.BYTES;
    }

    private long hiddenBytesPerToken() {
      return (long) model.spec().hiddenSize() * device.computeBytes()
          + (long) model.spec().headDim() * Float.BYTES;
    }

    private long blockBytesPerToken() {
      return Activations.elementsPerBlockToken(model.spec()) * device.computeBytes();
    }

    private long logitBytesPerRow() {
      return (long) model.spec().vocabSize() * Float.BYTES;
    }

    private long kvBytesPerToken() {
      return KvPool.bytesPerToken(model.spec(), device.computeBytes());
    }
  }
}
