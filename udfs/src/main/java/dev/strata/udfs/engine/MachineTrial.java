package dev.strata.udfs.engine;

import dev.strata.udfs.api.EngineOptions;
import dev.strata.udfs.api.MachineRates;
import dev.strata.udfs.model.DecoderSpec;
import dev.strata.udfs.store.Checkpoint;
import dev.strata.udfs.store.LayerStore;
import dev.strata.udfs.store.ParallelTileReader;
import dev.strata.udfs.store.Tile;
import dev.strata.udfs.store.Weight;
import dev.strata.udfs.tensor.ComputeDevice;
import dev.strata.udfs.tensor.Holdings;
import dev.strata.udfs.tensor.NumberType;
import dev.strata.udfs.tensor.Tensor;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Comparator;
import java.util.List;

/**
 * Tries how fast this machine reads a checkpoint and multiplies by its matrices, through the parts
 * that an engine uses. Takes about two seconds.
 */
public final class MachineTrial {

  private static final long READ_NANOS = 1_000_000_000;
  private static final long PRODUCT_NANOS = 400_000_000;
  private static final long TILE_BYTES = 32L << 20;
  private static final int READING_THREADS =
      Math.max(1, Math.min(8, Runtime.getRuntime().availableProcessors() / 2));

  /** Fewer rows are computed as if they were as many. */
  private static final int FEW_TOKENS = 16;

  private static final int MANY_TOKENS = 272;

  private MachineTrial() {}

  /**
   * Tries reading, if the checkpoint is where engines read it, and products, if the host's
   * processor is the device.
   */
  public static MachineRates run(
      Checkpoint checkpoint, EngineOptions options, boolean reads, boolean onHost)
      throws IOException {
    double read = reads ? readBytesPerSecond(checkpoint) : 0;
    if (!onHost) {
      return new MachineRates(read, 0, 0);
    }
    try (ComputeDevice device =
            ComputeDevice.open("cpu", options.computeType(), options.threads());
        Products products = new Products(device, checkpoint)) {
      double few = products.secondsPerByte(FEW_TOKENS);
      double many = products.secondsPerByte(MANY_TOKENS);
      double perToken = Math.max(0, (many - few) / (MANY_TOKENS - FEW_TOKENS));
      return new MachineRates(read, Math.max(0, few - FEW_TOKENS * perToken), perToken);
    }
  }

  /**
   * Reads tiles from all over a large model, so that few lie in the page cache by chance; a small
   * one is read again and again, as a run does.
   */
  private static double readBytesPerSecond(Checkpoint checkpoint) throws IOException {
    LayerStore store = LayerStore.of(checkpoint, TILE_BYTES);
    List<Tile> tiles = store.tiles();
    ByteBuffer target = ByteBuffer.allocateDirect(Math.toIntExact(store.largestSlotBytes()));
    int stride = stride(tiles.size());
    long bytes = 0;
    long started = System.nanoTime();
    try (ParallelTileReader reader = new ParallelTileReader(store, READING_THREADS)) {
      for (long i = 0; System.nanoTime() - started < READ_NANOS; i++) {
        Tile tile = tiles.get((int) (i * stride % tiles.size()));
        reader.read(tile, target.clear());
        bytes += tile.bytes();
      }
    }
    return bytes * 1e9 / (System.nanoTime() - started);
  }

  /** A step that comes past every tile: prime to their number, and about 0.6 of it. */
  private static int stride(int tiles) {
    int stride = Math.max(1, (int) (tiles * 0.618));
    while (gcd(stride, tiles) != 1) {
      stride++;
    }
    return stride;
  }

  private static int gcd(int a, int b) {
    return b == 0 ? a : gcd(b, a % b);
  }

  /** A tile of a layer's largest matrix, and tokens to multiply it by. */
  private static final class Products implements AutoCloseable {

    private final Holdings holdings = new Holdings();
    private final ComputeDevice device;
    private final Tile tile;
    private final Tensor place;
    private final WeightConversion conversion;
    private final Tensor tokens;
    private final Tensor result;

    Products(ComputeDevice device, Checkpoint checkpoint) throws IOException {
      this.device = device;
      LayerStore store = LayerStore.of(checkpoint, TILE_BYTES);
      this.tile = largest(store, checkpoint.spec());
      NumberType compute = device.computeType();
      int columns = tile.weight().columns();
      try {
        NumberType type = placeType();
        long elements = store.span(tile) / type.bytes();
        this.place = holdings.add(device.allocateHost("trial", type, elements));
        store.read(tile, place.buffer());
        this.conversion = holdings.add(new WeightConversion(device, store, false));
        this.tokens = holdings.add(zeros(compute, MANY_TOKENS, columns));
        this.result = holdings.add(device.allocate("trial", compute, MANY_TOKENS, tile.rows()));
      } catch (Throwable e) {
        holdings.closeAfter(e);
        throw e;
      }
    }

    private static Tile largest(LayerStore store, DecoderSpec spec) {
      long layers = spec.layerStages().count();
      return store.tiles().stream()
          .filter(tile -> tile.stage() < layers)
          .max(Comparator.comparingLong(tile -> tile.weight().spec().elements()))
          .orElseThrow();
    }

    /** As in an engine whose tiles are all of one form. */
    private NumberType placeType() {
      Weight matrix = tile.weight();
      return matrix.scales() == null ? Numbers.typeOf(matrix.type()) : NumberType.UINT8;
    }

    private Tensor zeros(NumberType type, int count, int columns) {
      try (Tensor zeros = device.floats(new float[count * columns])) {
        return device.kernels().reshape("trial", zeros, type, count, columns);
      }
    }

    double secondsPerByte(int count) {
      multiply(count); // the first product allocates and warms up
      int products = 0;
      long started = System.nanoTime();
      long spent;
      do {
        multiply(count);
        products++;
        spent = System.nanoTime() - started;
      } while (spent < PRODUCT_NANOS);
      return spent / 1e9 / products / tile.bytes();
    }

    private void multiply(int count) {
      try (Tensor weights = conversion.matrix(place, 0, tile)) {
        device
            .kernels()
            .products()
            .storeProduct(tokens, count, weights, device.none(), 0, result, 0);
      }
    }

    @Override
    public void close() {
      holdings.close();
    }
  }
}
