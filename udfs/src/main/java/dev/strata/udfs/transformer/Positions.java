package dev.strata.udfs.transformer;

import dev.strata.udfs.model.AttentionSpec;
import dev.strata.udfs.model.DecoderSpec;
import dev.strata.udfs.model.RopeSpec;
import dev.strata.udfs.tensor.ComputeDevice;
import dev.strata.udfs.tensor.Footprint;
import dev.strata.udfs.tensor.Holdings;
import dev.strata.udfs.tensor.Kernels;
import dev.strata.udfs.tensor.Tensor;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;

/**
 * Where a sweep's tokens are in their sequences, and how each layer rotates them. Made once for a
 * sweep, used in every layer.
 */
public final class Positions implements AutoCloseable {

  private static final String OWNER = "positions";

  private final Ropes ropes;
  private final Tensor positions;

  private Positions(Ropes ropes, Tensor positions) {
    this.ropes = ropes;
    this.positions = positions;
  }

  /** What a sweep of so many tokens takes. */
  public static Footprint footprint(int tokens) {
    return Footprint.device(OWNER, (long) tokens * Long.BYTES);
  }

  /** The model's rotation frequencies on the device, one vector for each kind of rope it has. */
  public static final class Ropes implements AutoCloseable {

    private final Holdings holdings = new Holdings();
    private final ComputeDevice device;
    private final Map<RopeSpec, Tensor> frequencies = new HashMap<>();

    public Ropes(ComputeDevice device, DecoderSpec spec) {
      this.device = device;
      try {
        spec.attentions().stream()
            .map(AttentionSpec::rope)
            .filter(Objects::nonNull)
            .distinct()
            .forEach(rope -> frequencies.put(rope, frequencies(rope)));
      } catch (Throwable e) {
        holdings.closeAfter(e);
        throw e;
      }
    }

    private Tensor frequencies(RopeSpec rope) {
      float[] values = new float[rope.inverseFrequencies().size()];
      for (int i = 0; i < values.length; i++) {
        values[i] = rope.inverseFrequencies().get(i).floatValue();
      }
      return holdings.add(device.floats(values));
    }

    /**
     * A sweep's positions on the device.
     *
     * @param positions each token's position in its sequence
     */
    public Positions of(long[] positions) {
      return new Positions(this, device.indexes(positions));
    }

    @Override
    public void close() {
      holdings.close();
    }
  }

  /** How a rope turns the sweep's tokens; null turns none. */
  Kernels.Rotation rotation(RopeSpec rope) {
    return rope == null
        ? new Kernels.Rotation(positions, ropes.device.none(), 1, false)
        : new Kernels.Rotation(
            positions, ropes.frequencies.get(rope), rope.attentionFactor(), rope.pairs());
  }

  @Override
  public void close() {
    positions.close();
  }
}
