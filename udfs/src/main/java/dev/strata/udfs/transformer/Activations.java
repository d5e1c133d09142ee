package dev.strata.udfs.transformer;

import dev.strata.udfs.model.DecoderSpec;
import dev.strata.udfs.tensor.ComputeDevice;
import dev.strata.udfs.tensor.Tensor;
import java.util.List;

/**
 * The buffers that the activations of one block live in besides the residual stream, allocated
 * once; the block's rows start at 0.
 */
public final class Activations implements AutoCloseable {

  private static final String OWNER = "activations";

  /** [blockTokens, hidden]: what a stage's first products take. */
  final Tensor normed;

  /** [blockTokens, (heads + 2 · kvHeads) · headDim]. */
  final Tensor queryKeyValue;

  /** [blockTokens, heads · headDim]. */
  final Tensor attended;

  /** [blockTokens, intermediate]. */
  final Tensor intermediate;

  public Activations(ComputeDevice device, DecoderSpec spec, int blockTokens) {
    this.normed = allocate(device, blockTokens, spec.hiddenSize());
    this.queryKeyValue =
        allocate(device, blockTokens, spec.queryWidth() + 2L * spec.keyValueWidth());
    this.attended = allocate(device, blockTokens, spec.queryWidth());
    this.intermediate = allocate(device, blockTokens, spec.intermediateSize());
  }

  private static Tensor allocate(ComputeDevice device, long rows, long columns) {
    return device.allocate(OWNER, device.computeType(), rows, columns);
  }

  /**
   * Elements that one token of a block takes at most, results of products on their way into the
   * buffers included.
   */
  public static long elementsPerBlockToken(DecoderSpec spec) {
    long queryKeyValue = spec.queryWidth() + 2L * spec.keyValueWidth();
    long buffers = spec.hiddenSize() + queryKeyValue + spec.queryWidth() + spec.intermediateSize();
    long products =
        Math.max(spec.intermediateSize(), queryKeyValue + spec.queryWidth()) + spec.hiddenSize();
    return buffers + products;
  }

  /** Elements that one token of a block takes in the buffers alone. */
  public static long bufferElements(DecoderSpec spec) {
    return spec.hiddenSize()
        + 2L * spec.queryWidth()
        + 2L * spec.keyValueWidth()
        + spec.intermediateSize();
  }

  @Override
  public void close() {
    List.of(normed, queryKeyValue, attended, intermediate).forEach(Tensor::close);
  }
}
