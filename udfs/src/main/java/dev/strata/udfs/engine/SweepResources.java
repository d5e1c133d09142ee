package dev.strata.udfs.engine;

import dev.strata.udfs.api.EngineOptions;
import dev.strata.udfs.kv.KvMemory;
import dev.strata.udfs.kv.KvPool;
import dev.strata.udfs.kv.ResidentKv;
import dev.strata.udfs.kv.StreamedKv;
import dev.strata.udfs.model.DecoderSpec;
import dev.strata.udfs.store.Checkpoint;
import dev.strata.udfs.store.LayerStore;
import dev.strata.udfs.store.ParallelTileReader;
import dev.strata.udfs.store.Tile;
import dev.strata.udfs.store.Weight;
import dev.strata.udfs.stream.TileSource;
import dev.strata.udfs.stream.TileStreamer;
import dev.strata.udfs.tensor.ComputeDevice;
import dev.strata.udfs.tensor.DeviceTiles;
import dev.strata.udfs.tensor.Holdings;
import dev.strata.udfs.tensor.HostTiles;
import dev.strata.udfs.tensor.Lane;
import dev.strata.udfs.tensor.NumberType;
import dev.strata.udfs.tensor.Tensor;
import dev.strata.udfs.tensor.Trace;
import dev.strata.udfs.transformer.Activations;
import dev.strata.udfs.transformer.Positions;
import dev.strata.udfs.transformer.ResidentWeights;
import dev.strata.udfs.transformer.Transformer;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** All memory, lanes and threads that sweeps need, made by the memory plan and closed together. */
final class SweepResources implements AutoCloseable {

  private static final int MOST_READING_THREADS = 16;

  private final Checkpoint checkpoint;
  private final DecoderSpec spec;

  // Closed in the reverse of the order in which they were made, so that what failed half-way leaves
  // nothing behind.
  private final Holdings holdings = new Holdings();

  final ComputeDevice device;
  final MemoryPlan plan;
  final LayerStore store;
  final Lane compute;
  final Lane tileLane;
  final List<Lane> hiddenLanes;
  final List<Lane> kvLanes;
  final HostTiles hostTiles;
  final DeviceTiles deviceTiles;
  final Tensor scratch;
  final Tensor logits;
  final KvPool pool;
  final KvMemory kv;
  final Positions.Ropes ropes;
  final EmbeddingReader embedding;
  final Activations activations;
  final HiddenStates hidden;
  final Transformer transformer;
  final TileStreamer streamer;

  SweepResources(
      Checkpoint checkpoint, EngineOptions options, DeviceSource devices, EngineListener listener) {
    this.checkpoint = checkpoint;
    this.spec = checkpoint.spec();
    try {
      this.device = own(devices.open(options));
      this.plan =
          MemoryPlan.of(
              CheckpointSize.of(checkpoint), options, MemoryPlan.DeviceTraits.of(device, spec));
      this.store = LayerStore.of(checkpoint, plan.tileBytes());
      this.compute = own(device.newLane("kernels"));
      this.tileLane = own(device.newLane("tiles"));
      this.hiddenLanes =
          List.of(own(device.newLane("hidden in")), own(device.newLane("hidden out")));
      this.kvLanes = List.of(own(device.newLane("KV in")), own(device.newLane("KV out")));
      compute.bind();
      NumberType stored = storedType();
      this.hostTiles = own(hostTiles(stored));
      this.deviceTiles = plan.staging() == null ? null : own(deviceTiles(stored));
      this.scratch =
          own(device.allocate("tile conversion", device.computeType(), scratchElements()));
      this.logits =
          own(
              device.allocateHost(
                  "logits", NumberType.FLOAT32, plan.logitRows(), spec.vocabSize()));
      ResidentWeights vectors = own(new ResidentWeights(device));
      load(vectors);
      this.pool = own(pool());
      this.kv = own(kv());
      this.activations = own(new Activations(device, spec, plan.blockTokens()));
      this.ropes = own(new Positions.Ropes(device, spec));
      this.embedding = own(new EmbeddingReader(device, checkpoint, plan.stagedRows()));
      this.hidden = own(hidden());
      this.transformer = new Transformer(device, compute, spec, vectors, kv, activations);
      ParallelTileReader reader = own(new ParallelTileReader(store, readingThreads(options)));
      this.streamer = own(new TileStreamer(source(reader), hostTiles, deviceTiles, listener));
    } catch (IOException e) {
      holdings.closeAfter(e);
      throw new IllegalStateException(e);
    } catch (Throwable e) {
      holdings.closeAfter(e);
      throw e;
    }
  }

  private <T extends AutoCloseable> T own(T resource) {
    return holdings.add(resource);
  }

  /** The one type of all matrices, or bytes where they differ or lie across elements. */
  private NumberType storedType() {
    List<NumberType> types =
        store.tiles().stream().map(t -> Numbers.typeOf(t.weight().type())).distinct().toList();
    return types.size() == 1 && areAligned(types.get(0)) ? types.get(0) : NumberType.UINT8;
  }

  /** Whether tiles begin with whole elements also where reads begin with a page. */
  private boolean areAligned(NumberType type) {
    return store.slotAlignment() == 1
        || store.tiles().stream().allMatch(tile -> tile.offset() % type.bytes() == 0);
  }

  private HostTiles hostTiles(NumberType stored) {
    return new HostTiles(
        device,
        stored,
        plan.slots(),
        placeBytes(store.largestSlotBytes()),
        residents(plan.weightsBytes()));
  }

  /** A place's bytes: whole elements, and room for what a read that is aligned brings along. */
  private static long placeBytes(long tileBytes) {
    return (tileBytes + Double.BYTES - 1) / Double.BYTES * Double.BYTES;
  }

  /**
   * Tiles that stay in host memory, spread over the sweep so that reading the others never has to
   * catch up.
   */
  private Map<Integer, Long> residents(long bytes) {
    long all = HostTiles.bytes(0, 0, all(), device.pinsMemory());
    if (bytes >= all) {
      return all();
    }
    Map<Integer, Long> residents = new HashMap<>();
    double share = (double) bytes / all;
    long passed = 0;
    long kept = 0;
    for (Tile tile : store.tiles()) {
      long place = placeBytes(store.slotBytes(tile));
      passed += place;
      if (kept + place <= passed * share) {
        residents.put(tile.index(), place);
        kept += place;
      }
    }
    // Places are rounded up to pages and pieces, which the share does not know.
    for (int tile = store.tiles().size() - 1;
        HostTiles.bytes(0, 0, residents, device.pinsMemory()) > bytes;
        tile--) {
      residents.remove(tile);
    }
    return residents;
  }

  private Map<Integer, Long> all() {
    Map<Integer, Long> all = new HashMap<>();
    store.tiles().forEach(tile -> all.put(tile.index(), placeBytes(store.slotBytes(tile))));
    return all;
  }

  private DeviceTiles deviceTiles(NumberType stored) {
    return new DeviceTiles(
        device,
        hostTiles,
        tileLane,
        compute,
        stored,
        plan.staging().places(),
        placeBytes(store.largestTileBytes()));
  }

  private long scratchElements() {
    return store.tiles().stream()
        .filter(tile -> Numbers.typeOf(tile.weight().type()) != device.computeType())
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

  private KvPool pool() {
    boolean onHost = plan.staging() != null && plan.staging().kvOnHost();
    return onHost
        ? KvPool.onHost(device, plan.staging().kvFormat(), plan.staging().kvBytes())
        : KvPool.onDevice(device, spec, plan.kvTokens());
  }

  private KvMemory kv() {
    if (plan.staging() != null && plan.staging().kvOnHost()) {
      return new StreamedKv(
          device,
          spec,
          pool,
          plan.staging().kvSlotTokens(),
          plan.blockTokens(),
          compute,
          kvLanes.get(0),
          kvLanes.get(1));
    }
    return new ResidentKv(
        pool,
        device.allocate(
            "new keys and values",
            device.computeType(),
            plan.blockTokens(),
            2,
            spec.kvHeads(),
            spec.headDim()));
  }

  private HiddenStates hidden() {
    if (plan.staging() == null) {
      return new ResidentHidden(
          embedding,
          device.allocate(
              "hidden states", device.residualType(), plan.sweepTokens(), spec.hiddenSize()));
    }
    return new SpilledHidden(
        device,
        embedding,
        plan.blockTokens(),
        spec.hiddenSize(),
        plan.sweepTokens(),
        compute,
        hiddenLanes.get(0),
        hiddenLanes.get(1));
  }

  private TileSource source(ParallelTileReader reader) {
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
      public int read(int tile, ByteBuffer target) throws IOException {
        return reader.read(store.tiles().get(tile), target);
      }
    };
  }

  /** Copies from the page cache take a core each; kernels on a CPU need theirs. */
  private int readingThreads(EngineOptions options) {
    int cores =
        options.threads() > 0 ? options.threads() : Runtime.getRuntime().availableProcessors();
    return Math.max(1, Math.min(MOST_READING_THREADS, device.isHost() ? cores / 2 : cores));
  }

  /** Whether a tile takes a place where kernels use it only while it passes. */
  boolean takesPlace(int tile) {
    return deviceTiles != null || hostTiles.residentPlace(tile) == HostTiles.NONE;
  }

  /** Places where kernels use tiles that pass. */
  int places() {
    return deviceTiles == null ? hostTiles.ringPlaces() : deviceTiles.count();
  }

  /** A tile where kernels find it. */
  Tensor tile(TileStreamer.Lease lease) {
    return deviceTiles == null
        ? hostTiles.tensor(lease.place())
        : deviceTiles.tensor(lease.place());
  }

  /** Spans of all lanes go to the trace from now on; null for none. */
  void traceTo(Trace trace) {
    compute.trace(trace);
    tileLane.trace(trace);
    hiddenLanes.forEach(lane -> lane.trace(trace));
    kvLanes.forEach(lane -> lane.trace(trace));
  }

  Checkpoint checkpoint() {
    return checkpoint;
  }

  @Override
  public void close() {
    try {
      holdings.close();
    } catch (IllegalStateException e) {
      throw new IllegalStateException("closing the engine failed: " + e.getMessage(), e);
    }
  }
}
