package dev.strata.udfs.engine;

import dev.strata.udfs.api.EngineOptions;
import dev.strata.udfs.api.StrataException;
import dev.strata.udfs.engine.MemoryPlan.DeviceTraits;
import dev.strata.udfs.engine.MemoryPlan.ModelSize;
import dev.strata.udfs.kv.KvFormat;
import dev.strata.udfs.kv.KvPool;
import dev.strata.udfs.kv.StreamedKv;
import dev.strata.udfs.model.DecoderSpec;
import dev.strata.udfs.tensor.HostTiles;
import dev.strata.udfs.tensor.Kernels;
import dev.strata.udfs.transformer.Activations;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Plans for a device whose memory is not the host's. Of the device's budget the ring gets a whole
 * stage if that fits, so that micro-batches can stream past it, then micro-batches and keys and
 * values on their way; what they leave holds keys and values if it can hold all. Of the host's
 * budget the rings come first, then hidden states of prompts, then keys and values, and weights get
 * the rest.
 */
final class StagedPlanner {

  /**
   * What `nvidia-smi` counts for a process that has a CUDA context and no tensor (measured on an
   * H200).
   */
  static final long CONTEXT_BYTES = 529L << 20;

  /** What libraries of matrix products and attention take for themselves, and what is cut up. */
  private static final long LIBRARY_BYTES = 224L << 20;

  private static final long LARGEST_TILE = 64L << 20;
  private static final long OVER_READ = 8 << 10;
  private static final int LARGEST_BLOCK = 4096;
  private static final int LEAST_BLOCK_PAST_A_STAGE = 256;
  private static final List<Integer> BLOCKS_OF_PASSING_TILES = List.of(16384, 12288, 8192, 6144);
  private static final long LEAST_PASSING_TILE = 16L << 20;
  private static final int PASSING_PLACES = 8;
  private static final int HOST_PLACES = 8;
  private static final int LEAST_HOST_PLACES = 3;
  private static final int LEAST_KV_SLOTS_IN_BUDGET = 24;
  private static final long ALLOCATION_UNIT = 2L << 20;
  private static final double CUT_UP = 1.15;

  /** The parts that are chosen. */
  private record Choice(long tile, int places, int hostPlaces, int block, int wave, int kvSlot) {}

  private final ModelSize model;
  private final DecoderSpec spec;
  private final EngineOptions options;
  private final DeviceTraits device;
  private final KvFormat plain;
  private final KvFormat format;

  StagedPlanner(ModelSize model, EngineOptions options, DeviceTraits device) {
    this.model = model;
    this.spec = model.spec();
    this.options = options;
    this.device = device;
    this.plain = KvFormat.plain(spec, device.computeType());
    this.format = options.kvType().equals("int8") ? KvFormat.quantized(spec) : plain;
  }

  /**
   * @throws StrataException if a budget is too small
   */
  MemoryPlan plan() {
    List<Choice> choices = choices();
    Choice least = choices.get(choices.size() - 1);
    MemoryPlan.requireBudget(
        "spark.strata.device.memory",
        options.deviceMemory(),
        total(deviceParts(least, least.block())) + contextBytes());
    MemoryPlan.requireBudget(
        "spark.strata.host.memory", options.hostMemory(), total(leastHostParts(least)));
    return plan(
        within(choices, options.hostMemory() / 2, within(choices, options.hostMemory(), least)));
  }

  /** The most generous choice that the device holds and that takes no more of the host. */
  private Choice within(List<Choice> choices, long hostBytes, Choice otherwise) {
    return choices.stream()
        .filter(c -> total(deviceParts(c, c.block())) + contextBytes() <= options.deviceMemory())
        .filter(c -> total(leastHostParts(c)) <= hostBytes)
        .findFirst()
        .orElse(otherwise);
  }

  private long contextBytes() {
    return device.pinned() ? CONTEXT_BYTES : 0;
  }

  /** From the most generous to the least that works. */
  private List<Choice> choices() {
    List<Choice> all = new ArrayList<>();
    for (long tile = LARGEST_TILE; tile > 64 << 10; tile /= 2) {
      long bytes = tileBytes(tile);
      int stage = (int) Math.min(Integer.MAX_VALUE - 4L, model.stageTiles(bytes));
      for (int block = LARGEST_BLOCK; block >= LEAST_BLOCK_PAST_A_STAGE; block /= 2) {
        all.add(choice(bytes, stage + 4, HOST_PLACES, block));
        all.add(choice(bytes, stage + 2, HOST_PLACES, block));
      }
    }
    // Tiles pass again for each micro-batch: the larger those are, the fewer times.
    for (int block : BLOCKS_OF_PASSING_TILES) {
      for (long tile = LARGEST_TILE; tile >= LEAST_PASSING_TILE; tile /= 2) {
        long bytes = tileBytes(tile);
        int stage = (int) Math.min(Integer.MAX_VALUE - 4L, model.stageTiles(bytes));
        all.add(choice(bytes, PASSING_PLACES, stage + 4, block));
      }
    }
    for (long tile = LARGEST_TILE; tile > 64 << 10; tile /= 4) {
      long bytes = tileBytes(tile);
      int stage = (int) Math.min(Integer.MAX_VALUE - 4L, model.stageTiles(bytes));
      for (int places : new int[] {8, 4, 2}) {
        for (int block = LARGEST_BLOCK; block >= MemoryPlan.LEAST_BLOCK; block /= 2) {
          all.add(choice(bytes, places, stage + 4, block));
          all.add(choice(bytes, places, HOST_PLACES, block));
          all.add(choice(bytes, places, LEAST_HOST_PLACES, block));
        }
      }
    }
    all.add(
        new Choice(
            tileBytes(1),
            2,
            LEAST_HOST_PLACES,
            block(MemoryPlan.LEAST_BLOCK),
            wave(1),
            MemoryPlan.LEAST_KV_TOKENS));
    return all;
  }

  private Choice choice(long tile, int places, int hostPlaces, int block) {
    long kvSlot =
        Math.min(
            longestRow(),
            options.deviceMemory() / LEAST_KV_SLOTS_IN_BUDGET / plain.layerTokenBytes());
    return new Choice(
        tile,
        places,
        hostPlaces,
        block(block),
        wave(MemoryPlan.LARGEST_DEFAULT_WAVE),
        (int) Math.max(MemoryPlan.LEAST_KV_TOKENS, kvSlot));
  }

  private long longestRow() {
    long most = KvPool.LARGEST_SEGMENT_BYTES / plain.layerTokenBytes();
    return Math.min(most, Math.max(spec.contextLength(), 32L << 10));
  }

  private long tileBytes(long wanted) {
    return Math.max(
        options.tileBytes() > 0 ? options.tileBytes() : wanted, model.largestRowBytes());
  }

  private int block(int otherwise) {
    return options.microBatchTokens() > 0 ? options.microBatchTokens() : otherwise;
  }

  private int wave(int otherwise) {
    return options.waveSize() > 0 ? options.waveSize() : otherwise;
  }

  private MemoryPlan plan(Choice choice) {
    boolean stageFits =
        choice.places() > model.stageTiles(choice.tile())
            || choice.hostPlaces() > model.stageTiles(choice.tile());
    long deviceBudget = options.deviceMemory() - contextBytes();
    long wantedKv = Math.max(MemoryPlan.LEAST_KV_TOKENS, choice.wave() * expectedRow());
    Map<String, Long> onDevice = deviceParts(choice, 0);
    long freeOnDevice = deviceBudget - total(onDevice);
    boolean kvOnDevice = freeOnDevice >= wantedKv * kvTokenBytes();
    return kvOnDevice
        ? planKvOnDevice(choice, stageFits, onDevice, freeOnDevice)
        : planKvOnHost(choice, stageFits, wantedKv);
  }

  private MemoryPlan planKvOnDevice(
      Choice choice, boolean stageFits, Map<String, Long> onDevice, long freeOnDevice) {
    long most = Math.min(Integer.MAX_VALUE, (long) choice.wave() * spec.contextLength());
    int tokens = (int) Math.min(most, freeOnDevice / kvTokenBytes());
    onDevice.merge("keys and values", tokens * kvTokenBytes(), Long::sum);
    Map<String, Long> onHost = hostParts(choice, sweepTokens(choice, stageFits));
    onHost.remove("KV staging");
    return planned(choice, stageFits, tokens, 0, onDevice, onHost);
  }

  private MemoryPlan planKvOnHost(Choice choice, boolean stageFits, long wantedKv) {
    Map<String, Long> onDevice = deviceParts(choice, choice.block());
    Map<String, Long> onHost = hostParts(choice, sweepTokens(choice, stageFits));
    long free = options.hostMemory() - total(onHost);
    long least = MemoryPlan.LEAST_KV_TOKENS * format.tokenBytes();
    long besideWeights = Math.max(least, free - Math.max(0, options.weightsMemory()));
    // What rows are expected to be is no limit to a single one.
    long tokens =
        Math.max(wantedKv, Math.min(spec.contextLength(), MemoryPlan.LONGEST_EXPECTED_ROW));
    long bytes = Math.min(besideWeights, tokens * format.tokenBytes() * 17 / 16);
    List<Integer> segments = KvPool.hostSegments(format, bytes);
    int kvTokens = segments.stream().mapToInt(Integer::intValue).sum();
    onHost.put("keys and values", KvPool.hostBytes(format, segments));
    return planned(choice, stageFits, kvTokens, bytes, onDevice, onHost);
  }

  private MemoryPlan planned(
      Choice choice,
      boolean stageFits,
      int kvTokens,
      long kvBytes,
      Map<String, Long> onDevice,
      Map<String, Long> onHost) {
    long free = options.hostMemory() - total(onHost);
    long weights = options.weightsMemory() < 0 ? free : Math.min(free, options.weightsMemory());
    onHost.put("weights that stay", weights);
    return new MemoryPlan(
        choice.tile(),
        choice.hostPlaces(),
        choice.block(),
        sweepTokens(choice, stageFits),
        choice.wave(),
        logitRows(choice),
        scores(),
        kvTokens,
        weights,
        onHost,
        options.hostMemory(),
        new MemoryPlan.Staging(
            choice.places(),
            kvBytes,
            format,
            choice.kvSlot(),
            onDevice,
            options.deviceMemory() - contextBytes()));
  }

  private long expectedRow() {
    return MemoryPlan.expectedRow(model, options);
  }

  /**
   * Prompts of a whole wave go through in one sweep if an eighth of the host's budget holds their
   * hidden states, or a quarter where rows are known.
   */
  private int sweepTokens(Choice choice, boolean stageFits) {
    int block = choice.block();
    if (!stageFits) {
      return Math.max(block, 1);
    }
    long share = options.hostMemory() / (options.rowTokens() > 0 ? 4 : 8);
    long wanted = (choice.wave() * expectedRow() + block - 1) / block;
    long blocks = Math.min(wanted, MemoryPlan.LARGEST_DEFAULT_SWEEP / block);
    blocks = Math.min(blocks, share / hiddenPlaceBytes(choice));
    // Places are rounded up, and so are the pieces that they are cut from.
    while (blocks > 1 && hiddenHostBytes(choice, (int) blocks) > share) {
      blocks = blocks * 15 / 16;
    }
    return (int) Math.max(1, blocks) * block;
  }

  private long hiddenHostBytes(Choice choice, int blocks) {
    return SpilledHidden.hostBytes(blocks, hiddenPlaceBytes(choice), device.pinned());
  }

  private long hiddenPlaceBytes(Choice choice) {
    return choice.block() * (long) spec.hiddenSize() * device.residualBytes();
  }

  private int logitRows(Choice choice) {
    long most = Math.min(choice.wave(), (256L << 20) / logitRowBytes());
    return (int) Math.max(1, most);
  }

  private long logitRowBytes() {
    return (long) spec.vocabSize() * Float.BYTES;
  }

  private long kvTokenBytes() {
    return plain.tokenBytes();
  }

  private long scores() {
    return Math.max(
        Math.min(spec.contextLength(), MemoryPlan.LONGEST_EXPECTED_ROW),
        MemoryPlan.LARGEST_DEFAULT_SCORES);
  }

  /**
   * @param freshTokens tokens of a micro-batch whose keys and values leave the device; 0 where they
   *     stay
   */
  private Map<String, Long> deviceParts(Choice choice, int freshTokens) {
    long tileElements = choice.tile() / model.storedBytes();
    long block = choice.block();
    Map<String, Long> parts = new LinkedHashMap<>();
    parts.put("tile ring", choice.places() * unit(choice.tile()));
    parts.put(
        "tile conversion",
        model.storedBytes() == device.computeBytes() ? 0 : tileElements * device.computeBytes());
    parts.put("norms and biases", model.vectorElements() * device.computeBytes());
    parts.put("hidden ring", SpilledHidden.SLOTS * unit(hiddenPlaceBytes(choice)));
    parts.put("micro-batch", block * Activations.bufferElements(spec) * device.computeBytes());
    parts.put(
        "results on their way",
        (long) ((block * temporaryBytes(choice) + partBytes(choice)) * CUT_UP));
    parts.put("head", headBytes(choice, tileElements));
    parts.put(
        "embedding rows",
        2L * MemoryPlan.stagedRows(choice.block()) * spec.hiddenSize() * Float.BYTES);
    parts.put("attention scores", scores() * device.scoreBytes(spec.heads()));
    parts.put(
        "keys and values",
        freshTokens > 0
            ? StreamedKv.deviceBytes(format, plain, choice.kvSlot(), freshTokens)
            : choice.block() * plain.layerTokenBytes());
    parts.put("libraries", device.pinned() ? LIBRARY_BYTES : 0);
    return parts;
  }

  private static long unit(long bytes) {
    return (bytes + ALLOCATION_UNIT - 1) / ALLOCATION_UNIT * ALLOCATION_UNIT;
  }

  /** What one token takes outside the buffers: an up product, or what attention gives. */
  private long temporaryBytes(Choice choice) {
    long tileRows = choice.tile() / model.storedBytes() / spec.hiddenSize() + 1;
    long product = tileRows * device.computeBytes();
    long attention =
        (long) spec.queryWidth() * device.computeBytes() + 2L * spec.heads() * Float.BYTES;
    return Math.max(product, attention);
  }

  /** What some rows take at once: queries that are rotated, half a head at a time, or norms. */
  private long partBytes(Choice choice) {
    long rows = Math.min(choice.block(), Kernels.LARGEST_PART_ROWS);
    return rows * Math.max(2L * spec.queryWidth(), spec.hiddenSize()) * Float.BYTES;
  }

  private long headBytes(Choice choice, long tileElements) {
    long columns = Math.min(Math.max(1, tileElements / spec.hiddenSize()), spec.vocabSize());
    long rows = Math.min(choice.block(), choice.wave());
    return (choice.wave() + logitRows(choice)) * (long) spec.hiddenSize() * device.computeBytes()
        + rows * columns * (device.computeBytes() + 2L * Float.BYTES);
  }

  private Map<String, Long> leastHostParts(Choice choice) {
    Map<String, Long> parts = hostParts(choice, choice.block());
    parts.put("keys and values", MemoryPlan.LEAST_KV_TOKENS * kvTokenBytes());
    return parts;
  }

  private Map<String, Long> hostParts(Choice choice, int sweepTokens) {
    Map<String, Long> parts = new LinkedHashMap<>();
    parts.put(
        "tile ring",
        HostTiles.bytes(choice.hostPlaces(), choice.tile() + OVER_READ, Map.of(), device.pinned()));
    parts.put("hidden states", hiddenHostBytes(choice, sweepTokens / choice.block()));
    parts.put("KV staging", StreamedKv.hostBytes(format, choice.block(), device.pinned()));
    parts.put("logits", rounded(logitRows(choice) * logitRowBytes()));
    parts.put(
        "embedding rows",
        rounded((long) MemoryPlan.stagedRows(choice.block()) * spec.hiddenSize() * Float.BYTES));
    return parts;
  }

  private long rounded(long bytes) {
    return device.pinned() ? Long.highestOneBit(Math.max(1, bytes - 1)) << 1 : bytes;
  }

  private static long total(Map<String, Long> parts) {
    return parts.values().stream().mapToLong(Long::longValue).sum();
  }
}
