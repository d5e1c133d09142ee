package dev.strata.udfs.transformer;

import dev.strata.udfs.model.DecoderSpec;
import dev.strata.udfs.model.LayerSpec;
import dev.strata.udfs.model.RopeSpec;
import dev.strata.udfs.tensor.ComputeDevice;
import dev.strata.udfs.tensor.Tensor;
import java.util.HashMap;
import java.util.Map;

/**
 * Where a sweep's tokens are: their positions in their sequences, as rotations, and their slots in
 * the KV pool. Made once for a sweep, used in every layer.
 */
public final class TokenPlaces implements AutoCloseable {

  private final Tensor slots;
  private final Map<RopeSpec, Tensor> rotations;

  private TokenPlaces(Tensor slots, Map<RopeSpec, Tensor> rotations) {
    this.slots = slots;
    this.rotations = rotations;
  }

  /** The model's rotation frequencies on the device, one vector for each kind of rope it has. */
  public static final class Ropes implements AutoCloseable {

    private final ComputeDevice device;
    private final Map<RopeSpec, Tensor> frequencies = new HashMap<>();

    public Ropes(ComputeDevice device, DecoderSpec spec) {
      this.device = device;
      spec.layers().stream()
          .map(LayerSpec::rope)
          .distinct()
          .forEach(rope -> frequencies.put(rope, frequencies(rope)));
    }

    private Tensor frequencies(RopeSpec rope) {
      float[] values = new float[rope.inverseFrequencies().size()];
      for (int i = 0; i < values.length; i++) {
        values[i] = rope.inverseFrequencies().get(i).floatValue();
      }
      return device.floats(values);
    }

    /**
     * The places of a sweep's tokens.
     *
     * @param positions each token's position in its sequence
     * @param slots each token's slot in the KV pool
     */
    public TokenPlaces places(long[] positions, long[] slots) {
      Map<RopeSpec, Tensor> rotations = new HashMap<>();
      try (Tensor index = device.indexes(positions)) {
        frequencies.forEach(
            (rope, vector) ->
                rotations.put(
                    rope, device.kernels().rotations(index, vector, rope.attentionFactor())));
      }
      return new TokenPlaces(device.indexes(slots), rotations);
    }

    @Override
    public void close() {
      frequencies.values().forEach(Tensor::close);
    }
  }

  Tensor slots() {
    return slots;
  }

  Tensor rotations(RopeSpec rope) {
    return rotations.get(rope);
  }

  @Override
  public void close() {
    slots.close();
    rotations.values().forEach(Tensor::close);
  }
}
