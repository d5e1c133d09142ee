package dev.strata.udfs.engine;

import static dev.strata.udfs.tensor.Footprint.Place.DEVICE;
import static dev.strata.udfs.tensor.Footprint.Place.HOST;

import dev.strata.udfs.api.EngineOptions;
import dev.strata.udfs.kv.KvFormat;
import dev.strata.udfs.kv.KvPool;
import dev.strata.udfs.kv.ResidentKv;
import dev.strata.udfs.kv.StatePool;
import dev.strata.udfs.kv.StreamedKv;
import dev.strata.udfs.tensor.DeviceTiles;
import dev.strata.udfs.tensor.Footprint;
import dev.strata.udfs.tensor.HostTiles;
import dev.strata.udfs.tensor.PageTables;
import dev.strata.udfs.transformer.ExpertResults;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * A device whose memory is not the host's. Of the device's budget the ring gets a whole stage if
 * that fits, so that micro-batches can stream past it, then micro-batches and keys and values on
 * their way; what they leave holds keys and values if it can hold all. Of the host's budget the
 * rings come first, then hidden states of prompts, then keys and values, and weights get the rest.
 */
final class StagedLayout extends MemoryLayout {

  /**
   * What {@code nvidia-smi} counts for a process that has a CUDA context and no tensor (measured on
   * an H200).
   */
  private static final long CONTEXT_BYTES = 529L << 20;

  /** What libraries of matrix products and attention take for themselves, and what is cut up. */
  private static final long LIBRARY_BYTES = 224L << 20;

  static final String CONTEXT = "CUDA context";
  private static final String LIBRARIES = "libraries";

  private static final long LARGEST_TILE = 64L << 20;
  private static final long LEAST_TILE = 64L << 10;
  private static final int LARGEST_BLOCK = 4096;
  private static final int LEAST_BLOCK_PAST_A_STAGE = 256;
  private static final List<Integer> BLOCKS_OF_PASSING_TILES = List.of(16384, 12288, 8192, 6144);
  private static final long LEAST_PASSING_TILE = 16L << 20;
  private static final int PASSING_PLACES = 8;
  private static final int HOST_PLACES = 8;
  private static final int MOST_HOST_PLACES = 64;
  private static final long EXPERT_READ_AHEAD = 256L << 20;
  private static final int LARGEST_BLOCK_PAST_EXPERTS = 16384;
  private static final int LEAST_BLOCK_PAST_EXPERTS = 1024;
  private static final int MOST_EXPERT_GROUPS = 8;
  private static final int LEAST_HOST_PLACES = 3;
  private static final List<Integer> WAVES_PAST_EXPERTS =
      List.of(16384, 12288, 8192, 6144, 4096, 3072, 2048, 1536);

  /** Where nobody says how long rows are, memory for their keys and values bounds longer ones. */
  private static final int SHORT_ROW = 256;

  /** Of the bus that keys and values of a wave share with weights, two thirds are theirs then. */
  private static final int MOST_KV_BY_WEIGHTS = 2;

  private static final int LEAST_KV_SLOTS_IN_BUDGET = 24;
  private static final long LARGEST_LOGITS = 256L << 20;
  private static final int READ_ROWS_IN_BUDGET = 256;
  private static final int READ_ROWS_OF_TEXTS_IN_BUDGET = 16;

  /** Keys and values as they lie in a pool in host memory. */
  private final KvFormat format;

  StagedLayout(ModelSize model, EngineOptions options, DeviceTraits device) {
    super(model, options, device);
    this.format = options.kvType().equals("int8") ? KvFormat.quantized(spec) : plain;
  }

  @Override
  void requireBudgets(PlanChoice least) {
    requireBudget("spark.strata.device.memory", options.deviceMemory(), deviceBytes(least));
    requireBudget("spark.strata.host.memory", options.hostMemory(), leastHostBytes(least));
  }

  /**
   * Half of the host's memory is better left to keys, values and weights. Where the page tables of
   * pinned memory are too much for the device, less is pinned, down to half, rather than that
   * micro-batches get small; then whatever works.
   */
  @Override
  List<Limit> limits(PlanChoice least) {
    long budget = options.hostMemory();
    List<Limit> limits = new ArrayList<>();
    if (device.pinned()) {
      for (long eighths = 8; eighths >= 4; eighths--) {
        long bytes = budget / 8 * eighths;
        limits.add(new Limit(bytes, bytes / 2, LEAST_BLOCK_PAST_A_STAGE));
      }
    }
    long leastBytes = leastHostBytes(least);
    for (long bytes = budget; bytes > leastBytes; bytes /= 2) {
      limits.add(new Limit(bytes, bytes / 2, 1));
      limits.add(new Limit(bytes, bytes, 1));
    }
    limits.add(new Limit(leastBytes, leastBytes, 1));
    return limits;
  }

  @Override
  boolean fits(PlanChoice choice, Limit limit) {
    return choice.blockTokens() >= limit.leastBlock()
        && leastHostBytes(choice) <= limit.componentBytes()
        && deviceBytes(choice) <= options.deviceMemory()
        && planWave(choice, limit).deviceBytes() <= options.deviceMemory();
  }

  private long deviceBytes(PlanChoice choice) {
    return components(choice).bytes(DEVICE) + pageTables(leastHostBytes(choice)).bytes(DEVICE);
  }

  private Footprint pageTables(long hostBytes) {
    return device.pinned() ? PageTables.footprint(hostBytes) : Footprint.NONE;
  }

  /** With a single micro-batch in a sweep, and hardly any keys and values. */
  private long leastHostBytes(PlanChoice choice) {
    return components(choice).bytes(HOST)
        + LEAST_KV_TOKENS * plain.tokenBytes()
        + leastStateBytes();
  }

  private long leastStateBytes() {
    return states.isEmpty() ? 0 : StatePool.leastHostBytes(states);
  }

  @Override
  List<PlanChoice> choices() {
    List<PlanChoice> all = new ArrayList<>(pastExperts());
    for (long tile = LARGEST_TILE; tile > LEAST_TILE; tile /= 2) {
      long bytes = tileBytes(tile);
      int stage = model.stageTiles(bytes);
      for (int block = LARGEST_BLOCK; block >= LEAST_BLOCK_PAST_A_STAGE; block /= 2) {
        all.add(choice(bytes, stage + 4, HOST_PLACES, block));
        all.add(choice(bytes, stage + 2, HOST_PLACES, block));
      }
    }
    // Tiles pass again for each micro-batch: the larger those are, the fewer times.
    for (int block : BLOCKS_OF_PASSING_TILES) {
      for (long tile = LARGEST_TILE; tile >= LEAST_PASSING_TILE; tile /= 2) {
        long bytes = tileBytes(tile);
        all.add(choice(bytes, PASSING_PLACES, model.stageTiles(bytes) + 4, block));
      }
    }
    for (long tile = LARGEST_TILE; tile > LEAST_TILE; tile /= 4) {
      long bytes = tileBytes(tile);
      for (int places : new int[] {8, 4, 2}) {
        for (int block = LARGEST_BLOCK; block >= LEAST_BLOCK; block /= 2) {
          all.add(choice(bytes, places, model.stageTiles(bytes) + 4, block));
          all.add(choice(bytes, places, HOST_PLACES, block));
          all.add(choice(bytes, places, LEAST_HOST_PLACES, block));
        }
      }
    }
    all.add(choice(tileBytes(1), 2, LEAST_HOST_PLACES, LEAST_BLOCK, 1, LEAST_KV_TOKENS));
    return all;
  }

  /**
   * All experts of a layer stay while micro-batches stream past, or as many of them as places hold;
   * smaller micro-batches would leave each expert few tokens.
   */
  private List<PlanChoice> pastExperts() {
    List<PlanChoice> all = new ArrayList<>();
    if (model.experts() == 0) {
      return all;
    }
    long bytes = tileBytes(Math.min(LARGEST_TILE, model.expertBytes()));
    int hostPlaces = clamp(EXPERT_READ_AHEAD / bytes, HOST_PLACES, MOST_HOST_PLACES);
    for (int block = LARGEST_BLOCK_PAST_EXPERTS; block >= LEAST_BLOCK_PAST_EXPERTS; block /= 2) {
      for (int oneIn = 1; oneIn <= MOST_EXPERT_GROUPS; oneIn *= 2) {
        int places = Math.max(model.expertTiles(bytes, oneIn), model.stageTiles(bytes)) + 2;
        all.add(choice(bytes, places, hostPlaces, block));
      }
    }
    return all;
  }

  private PlanChoice choice(long tile, int places, int hostPlaces, int block) {
    long slot = options.deviceMemory() / LEAST_KV_SLOTS_IN_BUDGET / plain.layerTokenBytes();
    long kvSlot = Math.max(LEAST_KV_TOKENS, Math.min(longestRow(), slot));
    return choice(tile, places, hostPlaces, block, LARGEST_WAVE, (int) kvSlot);
  }

  private PlanChoice choice(
      long tile, int places, int hostPlaces, int block, int wave, int kvSlot) {
    int tokens = options.microBatchTokens() > 0 ? options.microBatchTokens() : block;
    int rows = options.waveSize() > 0 ? options.waveSize() : wave;
    return new PlanChoice(
        tile,
        hostPlaces,
        places,
        tokens,
        tokens,
        rows,
        logitRows(rows),
        readRows(wave),
        scores(),
        kvSlot);
  }

  private long longestRow() {
    long most = KvPool.LARGEST_SEGMENT_BYTES / plain.layerTokenBytes();
    return Math.min(most, Math.max(spec.contextLength(), 32L << 10));
  }

  private long tileBytes(long wanted) {
    return Math.max(
        options.tileBytes() > 0 ? options.tileBytes() : wanted, model.largestRowBytes());
  }

  private int logitRows(int wave) {
    long row = Head.logits(1, spec.vocabSize(), false).bytes(HOST);
    return clamp(LARGEST_LOGITS / row, 1, wave);
  }

  /** No more than a small part of the device's memory where most rows generate. */
  private int readRows(int wave) {
    long row = (long) spec.hiddenSize() * device.computeType().bytes();
    int share = options.readsPrompts() ? READ_ROWS_OF_TEXTS_IN_BUDGET : READ_ROWS_IN_BUDGET;
    long most = options.deviceMemory() / share / row;
    return wave == 1
        ? PlanChoice.LEAST_READ_ROWS
        : clamp(most, PlanChoice.LEAST_READ_ROWS, LARGEST_SWEEP);
  }

  private long scores() {
    return Math.max(Math.min(spec.contextLength(), LONGEST_EXPECTED_ROW), LARGEST_SCORES);
  }

  /**
   * The more rows are in the wave, the more of them each expert serves that is brought: where rows
   * are short, memory has room for many more than are usual. They take no place from weights that
   * would stay in it; of those that never could all stay, a larger wave reads less for each row.
   */
  @Override
  MemoryPlan plan(PlanChoice fitting, Limit limit) {
    MemoryPlan usual = planWave(fitting, limit);
    if (model.experts() == 0 || options.waveSize() > 0 || fitting.waveRows() < LARGEST_WAVE) {
      return usual;
    }
    return WAVES_PAST_EXPERTS.stream()
        .flatMap(rows -> choices(fitting, rows))
        .map(choice -> planWave(choice, limit))
        .filter(wider -> isBetter(wider, usual, limit))
        .findFirst()
        .orElse(usual);
  }

  /** With a wave of so many rows, past micro-batches that leave room for it, the largest first. */
  private Stream<PlanChoice> choices(PlanChoice fitting, int rows) {
    int largest = fitting.blockTokens();
    int least = options.microBatchTokens() > 0 ? largest : Math.min(largest, LARGEST_BLOCK);
    return IntStream.iterate(largest, block -> block >= least, block -> block / 2)
        .mapToObj(block -> fitting.withBlock(block).withWave(rows));
  }

  private boolean isBetter(MemoryPlan wider, MemoryPlan usual, Limit limit) {
    long row = options.rowTokens() > 0 ? options.rowTokens() : SHORT_ROW;
    long kvTokens = options.readsPrompts() ? keptTokens(wider.choice()) : wider.waveRows() * row;
    long weights = model.residentBytes(wider.tileBytes(), device.pinned());
    long kept = usual.weightsBytes() < weights ? usual.weightsBytes() - weights / 64 : weights;
    return wider.waveRows() > usual.waveRows()
        && (wider.weightsBytes() >= kept || weights > limit.hostBytes())
        && wider.kv().tokens() >= kvTokens
        && kvTokens * wider.kv().format().tokenBytes() <= MOST_KV_BY_WEIGHTS * weights
        && leastHostBytes(wider.choice()) <= limit.componentBytes()
        && wider.deviceBytes() <= options.deviceMemory();
  }

  private MemoryPlan planWave(PlanChoice fitting, Limit limit) {
    long free = limit.hostBytes() - leastHostBytes(fitting);
    PlanChoice choice = withSweep(withRoomForStates(fitting, free, format.tokenBytes()), limit);
    MemoryPlan onDevice = planKvOnDevice(choice.withKvOnDevice(), limit);
    return onDevice.kv().tokens() >= wantedKvTokens(choice)
        ? onDevice
        : planKvOnHost(choice, limit);
  }

  private long wantedKvTokens(PlanChoice choice) {
    return Math.max(
        LEAST_KV_TOKENS, options.readsPrompts() ? keptTokens(choice) : expectedTokens(choice));
  }

  /** Of the rows of a wave; where nobody says how long they are, many are taken to be short. */
  private long expectedTokens(PlanChoice choice) {
    return options.rowTokens() > 0 || options.waveSize() > 0
        ? choice.waveRows() * expectedRow()
        : Math.max(
            Math.min(choice.waveRows(), LARGEST_WAVE) * expectedRow(),
            (long) choice.waveRows() * Math.min(SHORT_ROW, expectedRow()));
  }

  private MemoryPlan planKvOnDevice(PlanChoice choice, Limit limit) {
    StatePlan ofRows = statesOnDevice(choice);
    Footprint besidePool = withWeights(choice, components(choice).plus(ofRows.pool()), limit);
    long free = Math.max(0, options.deviceMemory() - besidePool.bytes(DEVICE));
    long most = Math.min(Integer.MAX_VALUE, (long) choice.waveRows() * spec.contextLength());
    int tokens = (int) Math.min(most, free / plain.tokenBytes());
    return planned(
        choice,
        new MemoryPlan.KvPlan(plain, tokens, 0),
        ofRows,
        besidePool.plus(KvPool.footprint(plain, tokens)));
  }

  private MemoryPlan planKvOnHost(PlanChoice choice, Limit limit) {
    Footprint components = components(choice);
    StatePlan ofRows = statesOnHost(choice, limit.hostBytes() - leastHostBytes(choice));
    components = components.plus(ofRows.pool());
    long free = limit.hostBytes() - components.bytes(HOST);
    long least = LEAST_KV_TOKENS * format.tokenBytes();
    long besideWeights = Math.max(least, free - Math.max(0, options.weightsMemory()));
    // What rows are expected to be is no limit to a single one.
    long tokens =
        Math.max(wantedKvTokens(choice), Math.min(spec.contextLength(), LONGEST_EXPECTED_ROW));
    long bytes = Math.min(besideWeights, tokens * format.tokenBytes() * 17 / 16);
    List<Integer> segments = KvPool.hostSegments(format, bytes);
    int kvTokens = segments.stream().mapToInt(Integer::intValue).sum();
    Footprint besideWeightsThatStay = components.plus(KvPool.hostFootprint(format, segments));
    return planned(
        choice,
        new MemoryPlan.KvPlan(format, kvTokens, bytes),
        ofRows,
        withWeights(choice, besideWeightsThatStay, limit));
  }

  /** For the wave, within what is left beside the least. */
  private StatePlan statesOnHost(PlanChoice choice, long left) {
    if (states.isEmpty()) {
      return statesOnDevice(choice);
    }
    long most = leastStateBytes() + Math.max(0, left);
    long wanted = Math.max(choice.waveRows(), StatePool.MOST_PLACES) * states.rowBytes() * 17 / 16;
    long bytes = Math.max(leastStateBytes(), Math.min(most, wanted));
    return StatePlan.onHost(states, choice, StatePool.hostSegments(states, bytes), threads());
  }

  /**
   * With weights in what is left of the host's memory, and what it costs the device to find all.
   */
  private Footprint withWeights(PlanChoice choice, Footprint others, Limit limit) {
    long free = Math.max(0, limit.hostBytes() - others.bytes(HOST));
    long most = options.weightsMemory() < 0 ? free : Math.min(free, options.weightsMemory());
    long weights = Math.min(most, model.residentBytes(choice.tileBytes(), device.pinned()));
    Footprint all = others.plus(HostTiles.residents(weights));
    return all.plus(pageTables(all.bytes(HOST)));
  }

  private MemoryPlan planned(
      PlanChoice choice, MemoryPlan.KvPlan kv, StatePlan ofRows, Footprint footprint) {
    return new MemoryPlan(
        choice,
        kv,
        ofRows,
        footprint.plus(rows(choice, kv.tokens())),
        new MemoryPlan.Budgets(false, options.deviceMemory(), options.hostMemory()));
  }

  /**
   * Prompts of a whole wave go through in one sweep if an eighth of the host's budget holds their
   * hidden states, or a quarter where rows are known; a third where prompts are read, whose keys
   * and values take hardly any.
   */
  private PlanChoice withSweep(PlanChoice choice, Limit limit) {
    int block = choice.blockTokens();
    if (choice.devicePlaces() <= model.stageTiles(choice.tileBytes())
        && choice.slots() <= model.stageTiles(choice.tileBytes())) {
      return choice;
    }
    long share = limit.hostBytes() / sweepShare();
    long place = (long) block * spec.stateWidth() * device.residualType().bytes();
    long blocks = (expectedTokens(choice) + block - 1) / block;
    blocks = Math.min(blocks, Math.min(LARGEST_SWEEP / block, share / place));
    // Places are rounded up, and so are the pieces that they are cut from.
    while (blocks > 1 && hidden(choice.withSweep((int) blocks * block)).bytes(HOST) > share) {
      blocks = blocks * 15 / 16;
    }
    return choice.withSweep((int) Math.max(1, blocks) * block);
  }

  private int sweepShare() {
    if (options.readsPrompts()) {
      return 3;
    }
    return options.rowTokens() > 0 ? 4 : 8;
  }

  private Footprint hidden(PlanChoice choice) {
    int block = choice.blockTokens();
    int sweep = choice.sweepTokens();
    Footprint hidden =
        SpilledHidden.footprint(
            block, spec.stateWidth(), sweep, device.residualType(), device.pinned());
    return mostChosen == 0
        ? hidden
        : hidden.plus(
            SpilledHidden.keptFootprint(
                block, spec.hiddenSize(), sweep, device.activationType(), device.pinned()));
  }

  /**
   * Where each of an expert's matrices is one tile, as products take it, and there are places for
   * those of several.
   */
  @Override
  boolean computesExpertsAtOnce(PlanChoice choice) {
    return mostChosen > 0
        && ExpertSweep.leastPlaces(model.expert().size()) <= choice.devicePlaces()
        && model.expert().stream().allMatch(matrix -> matrix.tiles(choice.tileBytes()) == 1)
        && (model.isScaled()
            || model.types().stream().map(Numbers::typeOf).allMatch(device.computeType()::equals));
  }

  private Footprint results(PlanChoice choice) {
    return computesExpertsAtOnce(choice)
        ? ExpertResults.footprint(
            device.activationType(), spec.hiddenSize(), mostChosen, choice.blockTokens())
        : Footprint.NONE;
  }

  private Footprint components(PlanChoice choice) {
    return Footprint.sum(
        ring(choice),
        // Rounded as on a GPU, so that what is tried without one has as few places.
        DeviceTiles.footprint(
            choice.devicePlaces(), choice.tileBytes() + model.scalesSlackBytes(), true),
        hidden(choice),
        freshKv(choice),
        passingStates(choice, choice.kvSlotTokens() > 0),
        results(choice),
        common(choice),
        device.pinned()
            ? Footprint.sum(
                Footprint.device(CONTEXT, CONTEXT_BYTES),
                Footprint.device(LIBRARIES, LIBRARY_BYTES))
            : Footprint.NONE);
  }

  private Footprint freshKv(PlanChoice choice) {
    return choice.kvSlotTokens() == 0
        ? ResidentKv.footprint(plain, choice.blockTokens())
        : StreamedKv.footprint(
                format, plain, choice.kvSlotTokens(), choice.blockTokens(), device.pinned())
            .plus(
                StreamedKv.conversion(format, plain, choice.kvSlotTokens(), choice.blockTokens()));
  }
}
