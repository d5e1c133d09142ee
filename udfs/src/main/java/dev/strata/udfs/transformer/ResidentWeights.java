package dev.strata.udfs.transformer;

import dev.strata.udfs.model.WeightSpec;
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

  private final Holdings holdings = new Holdings();
  private final Map<WeightSpec, Tensor> vectors = new HashMap<>();
  private final Map<String, Tensor> tables = new HashMap<>();
  private final ComputeDevice device;

  public ResidentWeights(ComputeDevice device) {
    this.device = device;
  }

  /** What vectors of so many elements take. */
  public static Footprint footprint(long elements, NumberType type) {
    return Footprint.device(OWNER, elements * type.bytes());
  }

  /** Adds a vector of the compute type, or an exact one, which is closed with these weights. */
  public void put(WeightSpec weight, Tensor vector) {
    if (weight.isOneOfSeveral()) {
      try (vector) {
        vectors.put(weight, holdings.add(inTable(weight, vector)));
      }
    } else {
      vectors.put(weight, holdings.add(vector));
    }
  }

  /** Vectors of one tensor lie side by side. */
  private Tensor inTable(WeightSpec weight, Tensor vector) {
    Tensor table = tables.computeIfAbsent(weight.name(), name -> table(weight, vector.type()));
    long begin = weight.firstRow() * vector.elements();
    device.kernels().copy(vector, 0, vector.elements(), table, begin);
    return device.kernels().part(table, begin, begin + vector.elements());
  }

  private Tensor table(WeightSpec weight, NumberType type) {
    long elements = weight.shape().stream().reduce(1L, Math::multiplyExact);
    return holdings.add(device.allocate(OWNER, type, elements));
  }

  /** All vectors of the tensor that one is of, one after another; null where it is alone. */
  Tensor table(WeightSpec weight) {
    return tables.get(weight.name());
  }

  /** The vector, or its other layout; for null, which means none, the device's "none". */
  Tensor vector(WeightSpec weight) {
    if (weight == null) {
      return device.none();
    }
    return vectors.containsKey(weight) ? vectors.get(weight) : vectors.get(weight.other());
  }

  @Override
  public void close() {
    holdings.close();
  }
}
