package dev.strata.udfs.engine;

import dev.strata.udfs.model.ElementType;
import dev.strata.udfs.store.BlockScales;
import dev.strata.udfs.store.LayerStore;
import dev.strata.udfs.store.Tile;
import dev.strata.udfs.store.Weight;
import dev.strata.udfs.tensor.ComputeDevice;
import dev.strata.udfs.tensor.DeviceTiles;
import dev.strata.udfs.tensor.Footprint;
import dev.strata.udfs.tensor.Kernels;
import dev.strata.udfs.tensor.NumberType;
import dev.strata.udfs.tensor.Tensor;
import dev.strata.udfs.tensor.WeightKernels;

/**
 * Tiles as products take them: matrices of the compute type but on a CPU, one at a time, or those
 * of several experts.
 */
final class WeightConversion implements AutoCloseable {

  private static final String OWNER = "tile conversion";

  /** For experts' matrices of one product that are decoded at once. */
  private static final long AT_ONCE_BYTES = 128L << 20;

  private static final int MOST_AT_ONCE = 32;

  private final ComputeDevice device;
  private final LayerStore store;
  private final Tensor scratch;

  /**
   * @param atOnce whether experts are computed at once
   */
  WeightConversion(ComputeDevice device, LayerStore store, boolean atOnce) {
    this.device = device;
    this.store = store;
    this.scratch =
        device.allocate(
            OWNER,
            device.computeType(),
            store.tiles().stream().mapToLong(tile -> elements(tile, atOnce)).max().orElse(0));
  }

  private long elements(Tile tile, boolean atOnce) {
    long elements = (long) tile.rows() * tile.weight().columns();
    boolean isOne = !atOnce || tile.weight().scales() == null;
    if (stored(tile) == device.computeType()) {
      return 0;
    }
    return isOne ? elements : elements * atOnce(elements, device.computeType());
  }

  private static long atOnce(long elements, NumberType computeType) {
    long most = AT_ONCE_BYTES / Math.max(1, elements * computeType.bytes());
    return Math.max(1, Math.min(MOST_AT_ONCE, most));
  }

  /**
   * What it takes for tiles of so many bytes.
   *
   * @param atOnce whether experts are computed at once
   */
  static Footprint footprint(
      ModelSize model, long tileBytes, NumberType computeType, boolean atOnce) {
    long elements = model.mostElements(tileBytes, type -> Numbers.typeOf(type) != computeType);
    boolean unpacks = model.types().contains(ElementType.F4_E2M1);
    long bytes = elements * computeType.bytes();
    boolean isSeveral = atOnce && model.isScaled();
    long all = isSeveral ? Math.max(bytes, Math.min(AT_ONCE_BYTES, MOST_AT_ONCE * bytes)) : bytes;
    return Footprint.device(OWNER, all + (unpacks ? WeightKernels.unpackingBytes(tileBytes) : 0));
  }

  /**
   * A tile's matrix, [rows, columns]: a view of its place, or decoded where products do not.
   *
   * @param offset of the tile in the place, in bytes
   */
  Tensor matrix(Tensor place, long offset, Tile tile) {
    Weight weight = tile.weight();
    if (weight.scales() == null) {
      return device
          .kernels()
          .weights()
          .tile(place, offset, stored(tile), tile.rows(), weight.columns(), scratch);
    }
    decode(place, offset, tile, 0);
    return device.kernels().matrix(scratch, tile.rows(), weight.columns());
  }

  private void decode(Tensor place, long offset, Tile tile, long to) {
    Kernels kernels = device.kernels();
    int columns = tile.weight().columns();
    if (tile.weight().type() == ElementType.F4_E2M1) {
      long scales = offset + store.extentOffset(tile, 1);
      kernels.weights().unpacked(place, offset, scales, tile.rows(), columns, scratch, to);
    } else {
      kernels
          .weights()
          .scaled(
              place, offset, stored(tile), scales(offset, tile), tile.rows(), columns, scratch, to);
    }
  }

  private static NumberType stored(Tile tile) {
    return Numbers.typeOf(tile.weight().type());
  }

  private WeightKernels.Scales scales(long offset, Tile tile) {
    Weight weight = tile.weight();
    BlockScales scales = weight.scales();
    long firstRow = (long) weight.codes().firstRow() + tile.firstRow();
    return new WeightKernels.Scales(
        offset + store.extentOffset(tile, 1),
        Numbers.typeOf(scales.part().type()),
        scales.part().rows(tile.firstRow(), tile.rows()),
        scales.columns(),
        scales.blockRows(),
        scales.blockColumns(),
        firstRow % scales.blockRows());
  }

  /** How many matrices like a tile's, which is whole, there can be at once. */
  int atOnce(Tile tile, NumberType ofRing) {
    if (tile.weight().scales() == null) {
      return ofRing == device.computeType() ? Integer.MAX_VALUE : 1;
    }
    return (int) (scratch.elements() / ((long) tile.rows() * tile.weight().columns()));
  }

  /**
   * The matrices of tiles of one shape, [places, rows, columns].
   *
   * @param tile the first
   */
  Tensor matrices(DeviceTiles.Run places, Tile tile) {
    Kernels kernels = device.kernels();
    long rows = tile.rows();
    long columns = tile.weight().columns();
    if (tile.weight().scales() == null) {
      return kernels.strided(
          places.ring(), places.begin(), places.count(), places.stride(), rows, columns);
    }
    if (tile.weight().type() != ElementType.F4_E2M1) {
      WeightKernels.Scales scales = scales(places.begin(), tile);
      if (scales.areWhole(rows, columns) && scales.areAligned(places.stride())) {
        return kernels
            .weights()
            .scaledExperts(
                places.ring(),
                places.begin(),
                stored(tile),
                scales,
                places.count(),
                places.stride(),
                rows,
                columns,
                scratch);
      }
    }
    for (int i = 0; i < places.count(); i++) {
      decode(places.ring(), places.begin() + i * places.stride(), tile, i * rows);
    }
    return kernels.seen(scratch, places.count(), rows, columns);
  }

  @Override
  public void close() {
    scratch.close();
  }
}
