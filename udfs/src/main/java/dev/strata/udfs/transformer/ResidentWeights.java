package dev.strata.udfs.transformer;

import dev.strata.udfs.model.WeightRole;
import dev.strata.udfs.tensor.ComputeDevice;
import dev.strata.udfs.tensor.Footprint;
import dev.strata.udfs.tensor.Holdings;
import dev.strata.udfs.tensor.NumberType;
import dev.strata.udfs.tensor.Tensor;
import java.util.HashMap;
import java.util.Map;

/**
 * The model's vectors, norms and biases. They are small, and stay on the device from start to end.
 */
public final class ResidentWeights implements AutoCloseable {

  /** Who owns vectors, for whoever allocates them. */
  public static final String OWNER = "norms and biases";

  private record Key(WeightRole role, int layer) {}

  private final Holdings holdings = new Holdings();
  private final Map<Key, Tensor> vectors = new HashMap<>();
  private final ComputeDevice device;

  public ResidentWeights(ComputeDevice device) {
    this.device = device;
  }

  /** What vectors of so many elements take. */
  public static Footprint footprint(long elements, NumberType type) {
    return Footprint.device(OWNER, elements * type.bytes());
  }

  /** Adds a vector of the compute type, which is closed with these weights. */
  public void put(WeightRole role, int layer, Tensor vector) {
    vectors.put(new Key(role, layer), holdings.add(vector));
  }

  /** The vector, or the device's "none" where the model has no such vector. */
  Tensor vector(WeightRole role, int layer) {
    return vectors.getOrDefault(new Key(role, layer), device.none());
  }

  @Override
  public void close() {
    holdings.close();
  }
}
