package dev.strata.udfs.engine;

import dev.strata.udfs.model.DecoderSpec;
import dev.strata.udfs.store.LayerStore;
import dev.strata.udfs.store.ParallelTileReader;
import dev.strata.udfs.store.Tile;
import dev.strata.udfs.stream.TileSource;
import dev.strata.udfs.stream.TileStreamer;
import dev.strata.udfs.stream.TileUse;
import dev.strata.udfs.tensor.ComputeDevice;
import dev.strata.udfs.tensor.DeviceTiles;
import dev.strata.udfs.tensor.Holdings;
import dev.strata.udfs.tensor.HostTiles;
import dev.strata.udfs.tensor.NumberType;
import dev.strata.udfs.tensor.Tensor;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Collectors;

/** Weights on their way: tiles from files to where kernels use them, in the order demanded. */
final class WeightStream implements AutoCloseable {

  private static final int MOST_READING_THREADS = 32;
  private static final int LEAST_DIRECT_THREADS = 4;

  private final ComputeDevice device;
  private final LayerStore store;
  private final Holdings holdings = new Holdings();
  private final HostTiles hostTiles;
  // null where kernels use tiles in host memory
  private final DeviceTiles deviceTiles;
  private final boolean expertsAtOnce;
  private final WeightConversion conversion;
  private final TileStreamer streamer;

  /**
   * @param cores that reading may use
   */
  WeightStream(
      ComputeDevice device,
      DecoderSpec spec,
      LayerStore store,
      MemoryPlan plan,
      Lanes lanes,
      int cores,
      EngineListener listener) {
    this.device = device;
    this.store = store;
    try {
      NumberType stored = storedType();
      this.expertsAtOnce = plan.computesExpertsAtOnce();
      this.hostTiles = holdings.add(hostTiles(spec, plan, stored));
      this.deviceTiles =
          plan.isStaged() ? holdings.add(deviceTiles(plan.choice(), lanes, stored)) : null;
      this.conversion = holdings.add(new WeightConversion(device, store, expertsAtOnce));
      ParallelTileReader reader =
          holdings.add(new ParallelTileReader(store, readingThreads(cores)));
      this.streamer =
          holdings.add(new TileStreamer(source(reader), hostTiles, deviceTiles, listener));
    } catch (Throwable e) {
      holdings.closeAfter(e);
      throw e;
    }
  }

  /** The one type of all matrices, or bytes where they differ, lie across elements or are codes. */
  private NumberType storedType() {
    List<NumberType> types =
        store.tiles().stream().map(t -> Numbers.typeOf(t.weight().type())).distinct().toList();
    boolean isPlain = store.tiles().stream().allMatch(t -> t.weight().scales() == null);
    return isPlain && types.size() == 1 && areAligned(types.get(0))
        ? types.get(0)
        : NumberType.UINT8;
  }

  /** Whether tiles begin with whole elements also where reads begin with a page. */
  private boolean areAligned(NumberType type) {
    return !readsBlocks()
        || store.tiles().stream().allMatch(t -> store.slotOffset(t) % type.bytes() == 0);
  }

  private HostTiles hostTiles(DecoderSpec spec, MemoryPlan plan, NumberType stored) {
    return new HostTiles(
        device,
        stored,
        plan.choice().slots(),
        placeBytes(store.largestSlotBytes()),
        new ResidentTiles(
                spec, store, tile -> placeBytes(store.slotBytes(tile)), this::residentBytes)
            .within(plan.weightsBytes()),
        readsBlocks());
  }

  private long residentBytes(Map<Integer, Long> residents) {
    return HostTiles.residentBytes(residents, device.pinsMemory(), readsBlocks());
  }

  /** A place's bytes: whole elements, and room for what a read that is aligned brings along. */
  private static long placeBytes(long tileBytes) {
    return (tileBytes + Double.BYTES - 1) / Double.BYTES * Double.BYTES;
  }

  /** Whether reads go past the page cache, in whole blocks. */
  private boolean readsBlocks() {
    return store.slotAlignment() > 1;
  }

  private DeviceTiles deviceTiles(PlanChoice choice, Lanes lanes, NumberType stored) {
    return new DeviceTiles(
        device,
        hostTiles,
        lanes.tiles(),
        lanes.compute(),
        stored,
        choice.devicePlaces(),
        placeBytes(store.largestSpan()));
  }

  private TileSource source(ParallelTileReader reader) {
    return new TileSource() {
      @Override
      public int tiles() {
        return store.tiles().size();
      }

      @Override
      public long bytes(int tile) {
        return store.span(store.tiles().get(tile));
      }

      @Override
      public int offset(int tile) {
        return store.slotOffset(store.tiles().get(tile));
      }

      @Override
      public CompletableFuture<?> begin(int tile, ByteBuffer target) throws IOException {
        return reader.begin(store.tiles().get(tile), target);
      }
    };
  }

  /**
   * Copies from the page cache take a core each, and kernels on a CPU need theirs. Past the page
   * cache threads wait for the disk, which is faster for several.
   */
  private int readingThreads(int cores) {
    int least = readsBlocks() ? LEAST_DIRECT_THREADS : 1;
    return Math.max(least, Math.min(MOST_READING_THREADS, device.isHost() ? cores / 2 : cores));
  }

  /** In which order tiles pass in sweeps. */
  TileProgram program(DecoderSpec spec, boolean oneBlock) {
    return new TileProgram(spec, store.tiles(), places(), this::takesPlace, oneBlock);
  }

  /** Whether a tile takes a place where kernels use it only while it passes. */
  private boolean takesPlace(int tile) {
    return deviceTiles != null || hostTiles.residentPlace(tile) == HostTiles.NONE;
  }

  /** Places where kernels use tiles that pass. */
  private int places() {
    return deviceTiles == null ? hostTiles.ringPlaces() : deviceTiles.count();
  }

  /** Announces tiles, behind those announced before. */
  void demand(List<TileUse> uses) {
    streamer.demand(uses);
  }

  /** How many tiles can be read ahead of their use. */
  int readAhead() {
    return hostTiles.ringPlaces();
  }

  /** Whether an expert's tiles stay in host memory. */
  boolean stays(TileProgram.StageTiles expert) {
    return hostTiles.residentPlace(expert.first()) != HostTiles.NONE;
  }

  /**
   * Takes back what was announced of experts, see {@link TileStreamer#retract}.
   *
   * @return their tiles that come all the same
   */
  Set<Integer> retract(List<TileProgram.StageTiles> experts) {
    return streamer.retract(
        experts.stream().flatMap(e -> e.tiles().boxed()).collect(Collectors.toUnmodifiableSet()));
  }

  /**
   * Lets an expert's tiles stay in host memory instead of another's of its layer. Neither's may be
   * announced, and all kernels that used the other's must be over.
   */
  void exchange(TileProgram.StageTiles goes, TileProgram.StageTiles stays) {
    for (int i = 0; i < goes.count(); i++) {
      streamer.exchange(goes.first() + i, stays.first() + i);
    }
  }

  /** Bytes that were read of what was taken back then. */
  long bytesInVain() {
    return streamer.bytesInVain();
  }

  /** The next tile, when it is where kernels use it. */
  TileStreamer.Lease next() throws IOException {
    return streamer.next();
  }

  /** Forgets the tiles that are announced and not taken. All that were taken must be closed. */
  void abandon() {
    streamer.abandon();
  }

  /** Whether a tile that is being read is waited for. */
  boolean isReadAwaited() {
    return streamer.isReadAwaited();
  }

  /** How far reading and copying are, for a log. */
  @Override
  public String toString() {
    return streamer.toString();
  }

  /** Which tile a lease is of. */
  Tile tile(TileStreamer.Lease lease) {
    return store.tiles().get(lease.tile());
  }

  /** The leased tile as products read it, [rows, columns]. */
  Tensor matrix(TileStreamer.Lease lease) {
    Tensor place =
        deviceTiles == null ? hostTiles.tensor(lease.place()) : deviceTiles.tensor(lease.place());
    return conversion.matrix(place, lease.offset(), tile(lease));
  }

  /**
   * Of how many stages of one shape products can take all matrices at once: those that lie in the
   * device's ring, each in a place of its own.
   */
  int stagesAtOnce(TileProgram.StageTiles stage) {
    if (!expertsAtOnce || stage.count() != stage.of().stage().matrices().count()) {
      return 1;
    }
    NumberType ofRing = deviceTiles.tensor(0).type();
    return stage
        .tiles()
        .map(tile -> conversion.atOnce(store.tiles().get(tile), ofRing))
        .min()
        .orElseThrow();
  }

  /**
   * A matrix of each of some stages of one shape, [leases, rows, columns].
   *
   * @param step how many places each is behind the one before
   */
  Tensor matrices(List<TileStreamer.Lease> leases, int step) {
    TileStreamer.Lease first = leases.get(0);
    DeviceTiles.Run run = deviceTiles.run(first.place(), Math.max(1, step), leases.size());
    return conversion.matrices(run, tile(first));
  }

  @Override
  public void close() {
    holdings.close();
  }
}
