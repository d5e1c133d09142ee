package dev.strata.udfs.transformer;

import dev.strata.udfs.model.DecoderSpec;
import dev.strata.udfs.tensor.ComputeDevice;
import dev.strata.udfs.tensor.Footprint;
import dev.strata.udfs.tensor.Holdings;
import dev.strata.udfs.tensor.Kernels;
import dev.strata.udfs.tensor.NumberType;
import dev.strata.udfs.tensor.Tensor;

/**
 * The buffers that the activations of one block live in besides the residual stream, allocated
 * once; the block's rows start at 0. Two of them are enough for a layer: what attention gives takes
 * the place of its input, which no product needs any more by then, and the two stages' wide
 * activations are never there at once.
 */
public final class Activations implements AutoCloseable {

  private static final String OWNER = "micro-batch";

  private static final String RESULTS = "results on their way";
  private static final double CUT_UP = 1.15;

  private final Holdings holdings = new Holdings();
  private final ComputeDevice device;
  private final DecoderSpec spec;

  /** [blockTokens, hidden]: what a stage's first products take. Shares its memory with attended. */
  Tensor normed;

  /** [blockTokens, heads · headDim]. */
  Tensor attended;

  /** [blockTokens, (heads + 2 · kvHeads) · headDim]. Shares its memory with intermediate. */
  Tensor queryKeyValue;

  /** [blockTokens, intermediate]. */
  Tensor intermediate;

  public Activations(ComputeDevice device, DecoderSpec spec, int blockTokens) {
    this.device = device;
    this.spec = spec;
    allocate(blockTokens);
  }

  private void allocate(int blockTokens) {
    try {
      Tensor narrow = buffer(blockTokens, narrowElements(spec));
      Tensor wide = buffer(blockTokens, wideElements(spec));
      this.normed = matrix(narrow, blockTokens, spec.hiddenSize());
      this.attended = matrix(narrow, blockTokens, spec.queryWidth());
      this.queryKeyValue = matrix(wide, blockTokens, queryKeyValueElements(spec));
      this.intermediate = matrix(wide, blockTokens, spec.intermediateSize());
    } catch (Throwable e) {
      holdings.closeAfter(e);
      throw e;
    }
  }

  private Tensor buffer(int rows, long columns) {
    return holdings.add(device.allocate(OWNER, device.computeType(), rows, columns));
  }

  private Tensor matrix(Tensor buffer, int rows, long columns) {
    return holdings.add(device.kernels().matrix(buffer, rows, columns));
  }

  /**
   * Makes room for blocks of another size; what is in the buffers is lost. Where that fails there
   * are no buffers, and another size may be tried.
   */
  public void resize(int blockTokens) {
    close();
    device.releaseCached();
    allocate(blockTokens);
  }

  private static long narrowElements(DecoderSpec spec) {
    return Math.max(spec.hiddenSize(), spec.queryWidth());
  }

  private static long wideElements(DecoderSpec spec) {
    return Math.max(spec.intermediateSize(), queryKeyValueElements(spec));
  }

  private static long queryKeyValueElements(DecoderSpec spec) {
    return spec.queryWidth() + 2L * spec.keyValueWidth();
  }

  /** What the buffers take for blocks of so many tokens. */
  public static Footprint footprint(DecoderSpec spec, NumberType type, int blockTokens) {
    return Footprint.device(OWNER, blockTokens * bufferElements(spec) * type.bytes());
  }

  /**
   * What results of kernels take on their way into the buffers: an up product or what attention
   * gives, and what some rows take at once, queries that are rotated, half a head at a time, or
   * norms. The device's allocator cuts what it has, and cannot use all of it.
   *
   * @param tileRows the most rows of a tile
   */
  public static Footprint temporaries(
      DecoderSpec spec, NumberType type, int blockTokens, long tileRows) {
    long product = tileRows * type.bytes();
    long attention = (long) spec.queryWidth() * type.bytes() + 2L * spec.heads() * Float.BYTES;
    long rows = Math.min(blockTokens, Kernels.LARGEST_PART_ROWS);
    long part = rows * Math.max(2L * spec.queryWidth(), spec.hiddenSize()) * Float.BYTES;
    long bytes = blockTokens * Math.max(product, attention) + part;
    return Footprint.device(RESULTS, (long) (bytes * CUT_UP));
  }

  /**
   * Elements that one token of a block takes at most, results of products on their way into the
   * buffers included.
   */
  public static long elementsPerBlockToken(DecoderSpec spec) {
    return bufferElements(spec) + wideElements(spec) + spec.hiddenSize();
  }

  /** Elements that one token of a block takes in the buffers alone. */
  private static long bufferElements(DecoderSpec spec) {
    return narrowElements(spec) + wideElements(spec);
  }

  @Override
  public void close() {
    holdings.close();
  }
}
