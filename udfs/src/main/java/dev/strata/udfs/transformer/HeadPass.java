package dev.strata.udfs.transformer;

import dev.strata.udfs.model.HeadSpec;
import dev.strata.udfs.tensor.ComputeDevice;
import dev.strata.udfs.tensor.Footprint;
import dev.strata.udfs.tensor.Holdings;
import dev.strata.udfs.tensor.LogitKernels;
import dev.strata.udfs.tensor.NumberType;
import dev.strata.udfs.tensor.Tensor;
import java.util.Arrays;
import java.util.List;

/**
 * The head, tile by tile: for every row the two best logits and their tokens, for the first rows
 * all logits, for the rows after them the log-probabilities of given tokens. Rows whose tokens are
 * not drawn never need memory for a whole vocabulary: the sum of a row's exponentials is brought
 * forward from tile to tile as its logarithm.
 */
public final class HeadPass implements AutoCloseable {

  private static final String OWNER = "head";

  private final Holdings holdings = new Holdings();
  private final ComputeDevice device;
  private final LogitKernels.LogitScaling scaling;
  private final Tensor normed;
  private final Tensor logits;
  private final int logitRows;
  private final Tensor best;
  private final Tensor tokens;
  private final HeadTargets targets;
  private final LogitKernels.Targets read;

  HeadPass(
      ComputeDevice device,
      HeadSpec head,
      Tensor normed,
      Tensor logits,
      int logitRows,
      HeadTargets targets) {
    this.device = device;
    this.scaling = new LogitKernels.LogitScaling(head.scale(), head.softCap());
    this.normed = normed;
    this.logits = logits;
    this.logitRows = logitRows;
    this.targets = targets;
    int rows = rows();
    try {
      this.best = holdings.add(noLogits(rows));
      this.tokens = holdings.add(noTokens(rows));
      this.read = targets.rows() == 0 ? device.kernels().logits().noTargets() : upload();
    } catch (Throwable e) {
      holdings.closeAfter(e);
      throw e;
    }
  }

  private LogitKernels.Targets upload() {
    return new LogitKernels.Targets(
        targets.firstRow(),
        holdings.add(least(targets.rows())),
        holdings.add(device.indexes(targets.rowOfEach())),
        holdings.add(device.indexes(targets.tokenOfEach())),
        holdings.add(least(targets.tokenOfEach().length)));
  }

  private Tensor least(int count) {
    float[] values = new float[count];
    Arrays.fill(values, Float.NEGATIVE_INFINITY);
    return device.floats(values);
  }

  private Tensor noLogits(int rows) {
    try (Tensor flat = least(2 * rows)) {
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
        LogitKernels.tileLogits(rowsAtOnce, columns, type),
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
        .logits()
        .head(
            normed,
            firstRow,
            rows,
            tile,
            firstToken,
            best,
            tokens,
            logits,
            logitRows,
            scaling,
            read);
  }

  /** The two best logits of each row: best and second of row 0, of row 1, and so on. */
  public float[] bestLogits() {
    return device.kernels().toFloats(best);
  }

  /** The tokens of {@link #bestLogits}. */
  public long[] bestTokens() {
    return device.kernels().toLongs(tokens);
  }

  /** The log-probabilities of the tokens that are wanted, row by row. */
  public List<float[]> logProbabilities() {
    return targets.rows() == 0
        ? List.of()
        : targets.logProbabilities(
            device.kernels().toFloats(read.found()), device.kernels().toFloats(read.sums()));
  }

  @Override
  public void close() {
    holdings.close();
  }
}
