package dev.strata.udfs.engine;

import dev.strata.udfs.model.ElementType;
import dev.strata.udfs.store.LayerStore;
import dev.strata.udfs.store.Tile;
import dev.strata.udfs.store.Weight;
import dev.strata.udfs.tensor.ComputeDevice;
import dev.strata.udfs.tensor.Footprint;
import dev.strata.udfs.tensor.Kernels;
import dev.strata.udfs.tensor.NumberType;
import dev.strata.udfs.tensor.Tensor;

/** Tiles as products take them: matrices, one at a time, of the compute type but on a CPU. */
final class WeightConversion implements AutoCloseable {

  private static final String OWNER = "tile conversion";

  private final ComputeDevice device;
  private final LayerStore store;
  private final Tensor scratch;

  WeightConversion(ComputeDevice device, LayerStore store) {
    this.device = device;
    this.store = store;
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
    long elements = model.mostElements(tileBytes, type -> Numbers.typeOf(type) != computeType);
    boolean unpacks = model.types().contains(ElementType.F4_E2M1);
    return Footprint.device(
        OWNER, elements * computeType.bytes() + (unpacks ? Kernels.unpackingBytes(tileBytes) : 0));
  }

  /**
   * A tile's matrix, [rows, columns]: a view of its place, or decoded where products do not.
   *
   * @param offset of the tile in the place, in bytes
   */
  Tensor matrix(Tensor place, long offset, Tile tile) {
    Weight weight = tile.weight();
    NumberType stored = Numbers.typeOf(weight.type());
    int columns = weight.columns();
    if (weight.scales() == null) {
      return device.kernels().tile(place, offset, stored, tile.rows(), columns, scratch);
    }
    if (weight.type() == ElementType.F4_E2M1) {
      long scales = offset + store.extentOffset(tile, 1);
      return device.kernels().unpackedWeights(place, offset, scales, tile.rows(), columns, scratch);
    }
    long firstRow = (long) weight.codes().firstRow() + tile.firstRow();
    return device
        .kernels()
        .scaledWeights(
            place,
            offset,
            stored,
            new Kernels.Scales(
                offset + store.extentOffset(tile, 1),
                Numbers.typeOf(weight.scales().part().type()),
                weight.scales().part().rows(tile.firstRow(), tile.rows()),
                weight.scales().columns(),
                weight.scales().blockRows(),
                weight.scales().blockColumns(),
                firstRow % weight.scales().blockRows()),
            tile.rows(),
            columns,
            scratch);
  }

  @Override
  public void close() {
    scratch.close();
  }
}
