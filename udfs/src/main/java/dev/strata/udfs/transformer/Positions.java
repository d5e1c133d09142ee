package dev.strata.udfs.transformer;

import dev.strata.udfs.model.AttentionSpec;
import dev.strata.udfs.model.DecoderSpec;
import dev.strata.udfs.model.RopeSpec;
import dev.strata.udfs.tensor.AttentionKernels;
import dev.strata.udfs.tensor.ComputeDevice;
import dev.strata.udfs.tensor.Footprint;
import dev.strata.udfs.tensor.Holdings;
import dev.strata.udfs.tensor.Kernels;
import dev.strata.udfs.tensor.Tensor;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;

/**
 * Where a sweep's tokens are in their sequences, and how each layer rotates them. Made once for a
 * sweep, used in every layer.
 */
public final class Positions implements AutoCloseable {

  private static final String OWNER = "positions";

  private final Holdings holdings = new Holdings();
  private final Ropes ropes;
  private final Tensor positions;
  private final Tensor spans;

  private Positions(Ropes ropes, long[] positions, long[] spans) {
    this.ropes = ropes;
    try {
      this.positions = holdings.add(ropes.device.indexes(positions));
      this.spans = ropes.byLength ? holdings.add(ropes.device.indexes(spans)) : ropes.device.none();
    } catch (Throwable e) {
      holdings.closeAfter(e);
      throw e;
    }
  }

  /**
   * What a sweep of so many tokens takes.
   *
   * @param byLength whether tokens of long sequences are rotated otherwise
   */
  public static Footprint footprint(int tokens, boolean byLength) {
    return Footprint.device(OWNER, (long) tokens * Long.BYTES * (byLength ? 2 : 1));
  }

  /** The model's rotation frequencies on the device, one vector for each kind of rope it has. */
  public static final class Ropes implements AutoCloseable {

    private final Holdings holdings = new Holdings();
    private final ComputeDevice device;
    private final boolean byLength;
    private final Map<List<Double>, Tensor> frequencies = new HashMap<>();

    public Ropes(ComputeDevice device, DecoderSpec spec) {
      this.device = device;
      this.byLength = spec.rotatesByLength();
      try {
        spec.attentions().stream()
            .map(AttentionSpec::rope)
            .filter(Objects::nonNull)
            .flatMap(Ropes::frequencies)
            .forEach(each -> frequencies.computeIfAbsent(each, this::upload));
      } catch (Throwable e) {
        holdings.closeAfter(e);
        throw e;
      }
    }

    private static Stream<List<Double>> frequencies(RopeSpec rope) {
      return rope.longer() == null
          ? Stream.of(rope.inverseFrequencies())
          : Stream.of(rope.inverseFrequencies(), rope.longer().inverseFrequencies());
    }

    private Tensor upload(List<Double> frequencies) {
      float[] values = new float[frequencies.size()];
      for (int i = 0; i < values.length; i++) {
        values[i] = frequencies.get(i).floatValue();
      }
      return holdings.add(device.floats(values));
    }

    /**
     * A sweep's positions on the device.
     *
     * @param positions each token's position in its sequence
     * @param spans how many tokens each token's sequence had when it went through the model for the
     *     first time: all of a prompt for its tokens
     */
    public Positions of(long[] positions, long[] spans) {
      return new Positions(this, positions, spans);
    }

    @Override
    public void close() {
      holdings.close();
    }
  }

  /** How a rope turns the sweep's tokens; null turns none. */
  AttentionKernels.Rotation rotation(RopeSpec rope) {
    Kernels kernels = ropes.device.kernels();
    if (rope == null) {
      return kernels.attention().rotation(positions, ropes.device.none(), 1, false);
    }
    return new AttentionKernels.Rotation(
        positions,
        ropes.frequencies.get(rope.inverseFrequencies()),
        rope.attentionFactor(),
        rope.pairs(),
        rope.beta(),
        rope.length(),
        rope.longer() == null ? kernels.attention().noLonger() : longer(rope.longer()));
  }

  private AttentionKernels.Longer longer(RopeSpec.Longer rope) {
    Tensor frequencies = ropes.frequencies.get(rope.inverseFrequencies());
    return new AttentionKernels.Longer(spans, frequencies, rope.above());
  }

  @Override
  public void close() {
    holdings.close();
  }
}
