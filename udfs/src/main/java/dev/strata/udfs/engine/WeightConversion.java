package dev.strata.udfs.engine;

import dev.strata.udfs.store.LayerStore;
import dev.strata.udfs.store.Tile;
import dev.strata.udfs.tensor.ComputeDevice;
import dev.strata.udfs.tensor.Footprint;
import dev.strata.udfs.tensor.NumberType;
import dev.strata.udfs.tensor.Tensor;

/** Tiles as products take them: matrices, one at a time, of the compute type but on a CPU. */
final class WeightConversion implements AutoCloseable {

  private static final String OWNER = "tile conversion";

  private final ComputeDevice device;
  private final Tensor scratch;

  WeightConversion(ComputeDevice device, LayerStore store) {
    this.device = device;
    long elements =
        store.tiles().stream()
            .filter(tile -> Numbers.typeOf(tile.weight().type()) != device.computeType())
            .mapToLong(tile -> (long) tile.rows() * tile.weight().columns())
            .max()
            .orElse(0);
    this.scratch = device.allocate(OWNER, device.computeType(), elements);
  }

  /** What it takes for tiles of so many bytes. */
  static Footprint footprint(ModelSize model, long tileBytes, NumberType computeType) {
    boolean converts = model.storedBytes() != computeType.bytes();
    long elements = tileBytes / model.storedBytes();
    return Footprint.device(OWNER, converts ? elements * computeType.bytes() : 0);
  }

  /**
   * A tile's matrix, [rows, columns]: a view of its place, or converted where products do not.
   *
   * @param offset of the tile in the place, in bytes
   */
  Tensor matrix(Tensor place, long offset, Tile tile) {
    return device
        .kernels()
        .tile(
            place,
            offset,
            Numbers.typeOf(tile.weight().type()),
            tile.rows(),
            tile.weight().columns(),
            scratch);
  }

  @Override
  public void close() {
    scratch.close();
  }
}
