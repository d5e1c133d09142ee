package dev.strata.udfs.engine;

import dev.strata.udfs.api.EngineOptions;
import dev.strata.udfs.kv.KvPool;
import dev.strata.udfs.model.DecoderSpec;
import dev.strata.udfs.model.WeightRole;
import dev.strata.udfs.store.Checkpoint;
import dev.strata.udfs.store.LayerStore;
import dev.strata.udfs.store.ParallelTileReader;
import dev.strata.udfs.store.Stage;
import dev.strata.udfs.store.Tile;
import dev.strata.udfs.store.Weight;
import dev.strata.udfs.stream.TileSource;
import dev.strata.udfs.stream.TileStreamer;
import dev.strata.udfs.tensor.ComputeDevice;
import dev.strata.udfs.tensor.DeviceSlots;
import dev.strata.udfs.tensor.NumberType;
import dev.strata.udfs.tensor.Tensor;
import dev.strata.udfs.transformer.Activations;
import dev.strata.udfs.transformer.HeadPass;
import dev.strata.udfs.transformer.ResidentWeights;
import dev.strata.udfs.transformer.StagePass;
import dev.strata.udfs.transformer.TokenBlock;
import dev.strata.udfs.transformer.TokenPlaces;
import dev.strata.udfs.transformer.Transformer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/**
 * Runs sweeps: embedding, each layer's stages tile by tile as the streamer brings them, the head,
 * the choice of tokens. Owns all memory of the engine.
 *
 * <p>If the sweep's tokens are one micro-batch, tiles stream past it and each slot is free again at
 * once. If they are more, a stage's tiles stay in the ring while the micro-batches stream past
 * them, so that each tile is still read once.
 */
final class Sweeper implements AutoCloseable {

  private static final int READING_THREADS =
      Math.max(1, Math.min(8, Runtime.getRuntime().availableProcessors() / 2));

  /** The tiles of one stage of one layer: those from {@code first} on. */
  private record StageTiles(Stage stage, int layer, int first, int count) {}

  private final Checkpoint checkpoint;
  private final DecoderSpec spec;
  private final MemoryPlan plan;
  private final ComputeDevice device;
  private final LayerStore store;
  private final List<StageTiles> stages;
  private final Counters counters;
  private final SweepRecorder listener;

  // Closed in the reverse of the order in which they were made, so that what failed half-way leaves
  // nothing behind.
  private final Deque<AutoCloseable> owned = new ArrayDeque<>();
  private final DeviceSlots slots;
  private final Tensor scratch;
  private final Tensor logits;
  private final KvPool pool;
  private final Activations activations;
  private final TokenPlaces.Ropes ropes;
  private final EmbeddingReader embedding;
  private final Transformer transformer;
  private final ParallelTileReader reader;
  private final TileStreamer streamer;
  private final TokenChooser chooser;
  private long sweeps;

  Sweeper(
      Checkpoint checkpoint,
      EngineOptions options,
      Counters counters,
      EngineListener listener,
      SweepObserver observer) {
    this.checkpoint = checkpoint;
    this.spec = checkpoint.spec();
    this.counters = counters;
    try {
      this.device =
          own(ComputeDevice.open(options.device(), options.computeType(), options.threads()));
      NumberType compute = device.computeType();
      this.plan =
          MemoryPlan.of(CheckpointSize.of(checkpoint), options, compute.bytes(), device.isHost());
      this.store = LayerStore.of(checkpoint, plan.tileBytes());
      this.listener = new SweepRecorder(observer, listener, store.tiles(), device.isHost());
      this.stages = stages(store.tiles());
      NumberType stored = storedType(store.tiles());
      this.slots = own(device.slots(plan.slots(), store.largestTileBytes(), stored));
      this.scratch =
          own(device.allocate("tile conversion", compute, scratchElements(store.tiles(), compute)));
      this.logits =
          own(
              device.allocateHost(
                  "logits", NumberType.FLOAT32, plan.logitRows(), spec.vocabSize()));
      ResidentWeights vectors = own(new ResidentWeights(device));
      load(vectors);
      this.pool = own(new KvPool(device, spec, plan.kvTokens()));
      this.activations = own(new Activations(device, spec, plan.sweepTokens(), plan.blockTokens()));
      this.ropes = own(new TokenPlaces.Ropes(device, spec));
      this.embedding = own(new EmbeddingReader(device, checkpoint, plan.stagedRows()));
      this.transformer = new Transformer(device, spec, vectors, pool, activations);
      this.reader = own(new ParallelTileReader(store, READING_THREADS));
      this.streamer = own(new TileStreamer(source(), slots, this.listener));
      this.chooser = new TokenChooser(spec.vocabSize(), logits.buffer().asFloatBuffer());
    } catch (RuntimeException | IOException e) {
      throw closeAfter(e);
    }
  }

  private <T extends AutoCloseable> T own(T resource) {
    owned.push(resource);
    return resource;
  }

  private RuntimeException closeAfter(Exception failure) {
    try {
      close();
    } catch (RuntimeException e) {
      failure.addSuppressed(e);
    }
    return failure instanceof RuntimeException e ? e : new IllegalStateException(failure);
  }

  private static List<StageTiles> stages(List<Tile> tiles) {
    List<StageTiles> stages = new ArrayList<>();
    int first = 0;
    for (int i = 1; i <= tiles.size(); i++) {
      Tile tile = tiles.get(first);
      if (i == tiles.size()
          || tiles.get(i).stage() != tile.stage()
          || tiles.get(i).weight().layer() != tile.weight().layer()) {
        stages.add(new StageTiles(tile.stage(), tile.weight().layer(), first, i - first));
        first = i;
      }
    }
    return stages;
  }

  /** The one type of all matrices, or bytes where they differ. */
  private static NumberType storedType(List<Tile> tiles) {
    List<NumberType> types =
        tiles.stream().map(t -> Numbers.typeOf(t.weight().type())).distinct().toList();
    return types.size() == 1 ? types.get(0) : NumberType.UINT8;
  }

  private static long scratchElements(List<Tile> tiles, NumberType compute) {
    return tiles.stream()
        .filter(tile -> Numbers.typeOf(tile.weight().type()) != compute)
        .mapToLong(tile -> (long) tile.rows() * tile.weight().columns())
        .max()
        .orElse(0);
  }

  private void load(ResidentWeights vectors) throws IOException {
    for (Weight weight : checkpoint.vectors()) {
      NumberType stored = Numbers.typeOf(weight.type());
      try (Tensor read = device.allocateHost("norms and biases", stored, weight.columns())) {
        checkpoint.read(weight, 0, read.buffer());
        Tensor vector =
            device
                .kernels()
                .reshape("norms and biases", read, device.computeType(), weight.columns());
        vectors.put(weight.role(), weight.layer(), vector);
      }
    }
  }

  private TileSource source() {
    return new TileSource() {
      @Override
      public int tiles() {
        return store.tiles().size();
      }

      @Override
      public long bytes(int tile) {
        return store.tiles().get(tile).bytes();
      }

      @Override
      public void read(int tile, ByteBuffer target) throws IOException {
        reader.read(store.tiles().get(tile), target);
      }
    };
  }

  MemoryPlan plan() {
    return plan;
  }

  KvPool pool() {
    return pool;
  }

  /** The account does not tell pinned memory from the device's. */
  MemoryFigures memory() {
    long bytes = device.peakBytes();
    return device.isHost()
        ? new MemoryFigures(0, 0, bytes, plan.budget())
        : new MemoryFigures(bytes, plan.budget(), 0, 0);
  }

  /** To be called once on the thread that will run the sweeps. */
  void startThread() {
    device.computeOnThisThread();
  }

  /**
   * Sends the scheduled tokens through the model and chooses the next token of every sequence that
   * is due one.
   *
   * @param followed whether another sweep follows or may follow, so that reading need not stop at
   *     this one's end
   */
  void run(SweepSchedule schedule, boolean followed) throws IOException {
    long started = System.nanoTime();
    long embeddingBytes = embedding.bytesRead();
    listener.sweepStarted();
    streamer.demandSweeps(sweeps + (followed ? 2 : 1));
    embedding.embed(schedule.tokenIds(), activations.hidden());
    List<TokenBlock> blocks =
        schedule.blocks(plan.blockTokens()).stream()
            .map(block -> block.cut(plan.scores()))
            .toList();
    int chosen = 0;
    try (TokenPlaces places = ropes.places(schedule.positions(), schedule.slots())) {
      for (StageTiles stage : stages) {
        if (stage.stage() == Stage.HEAD) {
          chosen = runHead(stage, schedule);
        } else {
          runStage(stage, pass(stage, places), blocks);
        }
      }
    }
    schedule.runs().forEach(run -> run.sequence().advance(run.count()));
    sweeps++;
    long nanos = System.nanoTime() - started;
    counters.sweepEnded(chosen, nanos, embedding.bytesRead(), chooser.lowMargins());
    listener.sweepEnded(schedule, chosen, nanos, embedding.bytesRead() - embeddingBytes);
  }

  private StagePass pass(StageTiles stage, TokenPlaces places) {
    counters.layerStarted(stage.layer());
    return stage.stage() == Stage.ATTENTION
        ? transformer.attention(stage.layer(), places)
        : transformer.feedForward(stage.layer());
  }

  private void runStage(StageTiles stage, StagePass pass, List<TokenBlock> blocks)
      throws IOException {
    if (blocks.size() == 1) {
      for (int i = 0; i < stage.count(); i++) {
        try (TileStreamer.Lease lease = streamer.next()) {
          listener.kernelsStarted(lease.count());
          compute(lease, pass, blocks.get(0));
          ended(lease);
        }
      }
    } else {
      runResident(stage, pass, blocks);
    }
  }

  private void runResident(StageTiles stage, StagePass pass, List<TokenBlock> blocks)
      throws IOException {
    List<TileStreamer.Lease> leases = new ArrayList<>();
    try {
      for (int i = 0; i < stage.count(); i++) {
        leases.add(streamer.next());
      }
      leases.forEach(lease -> listener.kernelsStarted(lease.count()));
      for (TokenBlock block : blocks) {
        for (TileStreamer.Lease lease : leases) {
          compute(lease, pass, block);
        }
      }
      leases.forEach(this::ended);
    } finally {
      leases.forEach(TileStreamer.Lease::close);
    }
  }

  private void compute(TileStreamer.Lease lease, StagePass pass, TokenBlock block) {
    Tile tile = store.tiles().get(lease.tile());
    WeightRole matrix = tile.weight().role();
    if (tile.firstRow() == 0) {
      pass.before(matrix, block);
    }
    try (Tensor weights = weights(lease, tile)) {
      pass.apply(matrix, tile.firstRow(), weights, block);
    }
  }

  private Tensor weights(TileStreamer.Lease lease, Tile tile) {
    return device
        .kernels()
        .weights(
            slots.tensor(lease.slot()),
            Numbers.typeOf(tile.weight().type()),
            tile.rows(),
            tile.weight().columns(),
            scratch);
  }

  private void ended(TileStreamer.Lease lease) {
    listener.kernelsEnded(lease.count());
    counters.tileUsed(store.tiles().get(lease.tile()).bytes());
  }

  private int runHead(StageTiles stage, SweepSchedule schedule) throws IOException {
    counters.layerStarted(spec.layers().size());
    List<SweepSchedule.HeadRow> rows = schedule.headRows();
    if (rows.isEmpty()) {
      return skip(stage);
    }
    int logitRows =
        (int) rows.stream().filter(r -> r.run().sequence().request().needsLogits()).count();
    long[] tokens = rows.stream().mapToLong(SweepSchedule.HeadRow::token).toArray();
    try (HeadPass head = transformer.head(tokens, logits, logitRows)) {
      for (int i = 0; i < stage.count(); i++) {
        try (TileStreamer.Lease lease = streamer.next()) {
          listener.kernelsStarted(lease.count());
          compute(lease, head);
          ended(lease);
        }
      }
      return chooser.choose(rows, head);
    }
  }

  private void compute(TileStreamer.Lease lease, HeadPass head) {
    Tile tile = store.tiles().get(lease.tile());
    try (Tensor weights = weights(lease, tile)) {
      for (int first = 0; first < head.rows(); first += plan.blockTokens()) {
        int count = Math.min(plan.blockTokens(), head.rows() - first);
        head.apply(tile.firstRow(), weights, first, count);
      }
    }
  }

  /**
   * Lets the head's tiles pass where no sequence is due a token: all prompts are longer than the
   * sweep.
   */
  private int skip(StageTiles stage) throws IOException {
    for (int i = 0; i < stage.count(); i++) {
      try (TileStreamer.Lease lease = streamer.next()) {
        listener.kernelsStarted(lease.count());
        ended(lease);
      }
    }
    return 0;
  }

  @Override
  public void close() {
    RuntimeException failure = null;
    while (!owned.isEmpty()) {
      try {
        owned.pop().close();
      } catch (Exception e) {
        if (failure == null) {
          failure = new IllegalStateException("closing the engine failed: " + e.getMessage(), e);
        } else {
          failure.addSuppressed(e);
        }
      }
    }
    if (failure != null) {
      throw failure;
    }
  }
}
