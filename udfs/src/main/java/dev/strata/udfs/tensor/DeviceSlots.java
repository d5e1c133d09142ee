package dev.strata.udfs.tensor;

import dev.strata.udfs.stream.TileSlots;

/** A ring of slots whose bytes kernels can use. */
public interface DeviceSlots extends TileSlots, AutoCloseable {

  /** The slot as kernels see it: all its elements, on the device. */
  Tensor tensor(int slot);

  @Override
  void close();
}
