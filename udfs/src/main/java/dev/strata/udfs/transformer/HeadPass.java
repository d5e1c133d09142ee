package dev.strata.udfs.transformer;

import dev.strata.udfs.tensor.ComputeDevice;
import dev.strata.udfs.tensor.Footprint;
import dev.strata.udfs.tensor.Holdings;
import dev.strata.udfs.tensor.Kernels;
import dev.strata.udfs.tensor.NumberType;
import dev.strata.udfs.tensor.Tensor;
import java.util.Arrays;

/**
 * The head, tile by tile: for every row the two best logits and their tokens, for the first rows
 * all logits. Rows that are decoded greedily never need memory for a whole vocabulary.
 */
public final class HeadPass implements AutoCloseable {

  private static final String OWNER = "head";

  private final Holdings holdings = new Holdings();
  private final ComputeDevice device;
  private final Tensor normed;
  private final Tensor logits;
  private final int logitRows;
  private final Tensor best;
  private final Tensor tokens;

  HeadPass(ComputeDevice device, Tensor normed, Tensor logits, int logitRows) {
    this.device = device;
    this.normed = normed;
    this.logits = logits;
    this.logitRows = logitRows;
    int rows = rows();
    try {
      this.best = holdings.add(filled(rows, Float.NEGATIVE_INFINITY));
      this.tokens = holdings.add(noTokens(rows));
    } catch (Throwable e) {
      holdings.closeAfter(e);
      throw e;
    }
  }

  private Tensor filled(int rows, float value) {
    float[] values = new float[2 * rows];
    Arrays.fill(values, value);
    try (Tensor flat = device.floats(values)) {
      return device.kernels().reshape(OWNER, flat, NumberType.FLOAT32, rows, 2);
    }
  }

  private Tensor noTokens(int rows) {
    try (Tensor flat = device.indexes(new long[2 * rows])) {
      return device.kernels().reshape(OWNER, flat, NumberType.INT64, rows, 2);
    }
  }

  /**
   * What it takes: the logits of a tile on their way, and the best of each row, whose initial
   * values are copied.
   *
   * @param rows all rows
   * @param rowsAtOnce the most rows that a tile's logits are computed for at once
   * @param columns tokens of a tile
   */
  public static Footprint footprint(long rows, long rowsAtOnce, long columns, NumberType type) {
    long best = 2 * rows * (Float.BYTES + Long.BYTES);
    return Footprint.sum(
        Footprint.device(OWNER, 2 * best),
        Kernels.tileLogits(rowsAtOnce, columns, type),
        Footprint.heap(OWNER, best));
  }

  /** How many tokens the head is computed for. */
  public int rows() {
    return (int) normed.size(0);
  }

  /**
   * The logits of some rows for a tile's tokens.
   *
   * @param firstToken the tile's first row
   * @param tile [rows, hidden]
   * @param firstRow the first of the rows
   * @param rows how many
   */
  public void apply(int firstToken, Tensor tile, int firstRow, int rows) {
    device
        .kernels()
        .head(normed, firstRow, rows, tile, firstToken, best, tokens, logits, logitRows);
  }

  /** The two best logits of each row: best and second of row 0, of row 1, and so on. */
  public float[] bestLogits() {
    return device.kernels().toFloats(best);
  }

  /** The tokens of {@link #bestLogits}. */
  public long[] bestTokens() {
    return device.kernels().toLongs(tokens);
  }

  @Override
  public void close() {
    holdings.close();
  }
}
