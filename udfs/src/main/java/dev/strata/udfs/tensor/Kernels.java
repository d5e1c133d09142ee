package dev.strata.udfs.tensor;

import ai.djl.pytorch.jni.IValue;
import com.google.errorprone.annotations.FormatMethod;
import java.util.Arrays;

/**
 * The kernels of {@code kernels.py}, with their shapes checked before native code sees them: a
 * wrong shape there may end the JVM. {@code n} is the number of tokens in a micro-batch; {@code w}
 * is a tile, [rows, columns]; a bias of no elements means none.
 */
public final class Kernels {

  /**
   * Fewer rows are padded on a CPU: its matrix library takes other code paths below (measured: 1 to
   * 7 rows differ).
   */
  private static final int LEAST_CPU_ROWS = 16;

  private final ComputeDevice device;
  private final TorchScript script;
  private final int leastRows;

  Kernels(ComputeDevice device, TorchScript script) {
    this.device = device;
    this.script = script;
    this.leastRows = device.isHost() ? LEAST_CPU_ROWS : 0;
  }

  /**
   * The first {@code rows · columns} elements of a slot as a matrix of the compute type.
   *
   * @param stored the type of the elements in the slot; the slot's own, or any where the slot holds
   *     bytes
   * @param scratch where the matrix is converted to, of the compute type; untouched where nothing
   *     is to be converted
   */
  public Tensor weights(Tensor slot, NumberType stored, long rows, long columns, Tensor scratch) {
    long bytes = Math.multiplyExact(rows, columns) * stored.bytes();
    require(bytes <= slot.bytes(), "tile of %s bytes in slot %s", bytes, slot);
    require(
        slot.type() == stored || slot.type() == NumberType.UINT8, "%s in slot %s", stored, slot);
    require(
        stored == scratch.type() || rows * columns <= scratch.elements(),
        "tile [%s, %s] in scratch %s",
        rows,
        columns,
        scratch);
    IValue w = script.call("weights", slot, stored.code(), stored.bytes(), rows, columns, scratch);
    return device.account("tile", scratch.type(), new long[] {rows, columns}, w);
  }

  /** {@code out[: n, column : column + rows] = x[: n] · wᵀ + bias[firstRow : firstRow + rows]}. */
  public void storeProduct(
      Tensor x, long n, Tensor w, Tensor bias, long firstRow, Tensor out, long column) {
    checkProduct(x, 0, n, w, bias, firstRow);
    checkBlock(out, 0, n, column, w.size(0));
    script.run("store_product", x, n, w, bias, firstRow, leastRows, out, column);
  }

  /** {@code out[: n, firstRow : firstRow + rows] = silu(x[: n] · wᵀ + bias)}. */
  public void storeSiluProduct(Tensor x, long n, Tensor w, Tensor bias, long firstRow, Tensor out) {
    checkProduct(x, 0, n, w, bias, firstRow);
    checkBlock(out, 0, n, firstRow, w.size(0));
    script.run("store_silu_product", x, n, w, bias, firstRow, leastRows, out);
  }

  /** {@code out[: n, firstRow : firstRow + rows] *= x[: n] · wᵀ + bias}. */
  public void multiplyProduct(Tensor x, long n, Tensor w, Tensor bias, long firstRow, Tensor out) {
    checkProduct(x, 0, n, w, bias, firstRow);
    checkBlock(out, 0, n, firstRow, w.size(0));
    script.run("multiply_product", x, n, w, bias, firstRow, leastRows, out);
  }

  /** {@code out[first : first + n, firstRow : firstRow + rows] += x[: n] · wᵀ + bias}. */
  public void addProduct(
      Tensor x, long n, Tensor w, Tensor bias, long firstRow, Tensor out, long first) {
    checkProduct(x, 0, n, w, bias, firstRow);
    checkBlock(out, first, n, firstRow, w.size(0));
    script.run("add_product", x, n, w, bias, firstRow, leastRows, out, first);
  }

  /**
   * {@code out[: n] = x[first : first + n] / rms(x) · weight}, row by row, accumulated in float32.
   */
  public void normRows(Tensor x, long first, long n, Tensor weight, double epsilon, Tensor out) {
    checkBlock(x, first, n, 0, x.size(1));
    checkBlock(out, 0, n, 0, x.size(1));
    require(weight.elements() == x.size(1), "norm %s of %s", weight, x);
    require(out.size(1) == x.size(1), "norm of %s into %s", x, out);
    script.run("norm_rows", x, first, n, weight, epsilon, out);
  }

  /** The rows of {@code x} that {@code index} picks, normed: [index, hidden]. */
  public Tensor normPicked(Tensor x, Tensor index, Tensor weight, double epsilon) {
    require(x.size(1) == weight.elements(), "norm %s of %s", weight, x);
    IValue picked = script.call("norm_picked", x, index, weight, epsilon);
    return device.account("head", x.type(), new long[] {index.elements(), x.size(1)}, picked);
  }

  /**
   * Copies embedding rows to hidden states: {@code x[first + i] = staged[index[i]]}.
   *
   * @param staged bytes on the host that begin with {@code rows} rows of {@code stored} elements
   */
  public void embed(
      Tensor staged, NumberType stored, long rows, Tensor index, Tensor x, long first) {
    require(rows * x.size(1) * stored.bytes() <= staged.bytes(), "%s rows in %s", rows, staged);
    checkBlock(x, first, index.elements(), 0, x.size(1));
    script.run("embed", staged, stored.code(), stored.bytes(), rows, index, x, first);
  }

  /**
   * Cosines and sines for {@link #enterPool}: [tokens, 2 · frequencies] float32.
   *
   * @param positions [tokens]
   * @param frequencies [headDim / 2] radians per position
   * @param factor what cosines and sines are multiplied by
   */
  public Tensor rotations(Tensor positions, Tensor frequencies, double factor) {
    IValue rotations = script.call("rotations", positions, frequencies, factor);
    long[] shape = {positions.elements(), 2 * frequencies.elements()};
    return device.account("rotations", NumberType.FLOAT32, shape, rotations);
  }

  /**
   * Splits queries, keys and values, norms and rotates queries and keys, writes keys and values to
   * the pool and returns the queries, [n, heads, headDim].
   *
   * @param qkv [tokens, (heads + 2 · kvHeads) · headDim]
   * @param first the micro-batch's first token in {@code rotations} and {@code slots}
   * @param slots [tokens] where in the pool each token's key and value go
   * @param keys [pool tokens, kvHeads, headDim]; {@code values} alike
   */
  public Tensor enterPool(
      Tensor qkv,
      long n,
      long first,
      long heads,
      Tensor rotations,
      Tensor queryNorm,
      Tensor keyNorm,
      double epsilon,
      Tensor slots,
      Tensor keys,
      Tensor values) {
    long headDim = keys.size(2);
    checkBlock(qkv, 0, n, 0, (heads + 2 * keys.size(1)) * headDim);
    checkBlock(rotations, first, n, 0, headDim);
    checkHeads(heads, keys, values);
    checkHeadNorm(queryNorm, headDim);
    checkHeadNorm(keyNorm, headDim);
    require(first + n <= slots.elements(), "tokens %s to %s of %s", first, first + n, slots);
    IValue queries =
        script.call(
            "enter_pool",
            qkv,
            n,
            first,
            heads,
            rotations,
            queryNorm,
            keyNorm,
            epsilon,
            slots,
            keys,
            values);
    return device.account("queries", qkv.type(), new long[] {n, heads, headDim}, queries);
  }

  /** Copies {@code n} rows of a tensor of 3 dimensions to others of it that they do not overlap. */
  public void moveRows(Tensor x, long from, long to, long n) {
    require(Math.abs(from - to) >= n, "%s rows from %s to %s", n, from, to);
    require(Math.max(from, to) + n <= x.size(0), "rows to %s of %s", Math.max(from, to) + n, x);
    script.call("move_rows", x, from, to, n);
  }

  /**
   * Causal attention of the queries' segments over keys and values in the pool, into {@code out[:
   * n]}.
   *
   * @param queries [n, heads, headDim]
   * @param segments where each sequence's queries, keys and values are
   * @param window tokens a token attends to, itself included; 0 for all
   * @param scale what scores are multiplied by
   */
  public void attend(
      Tensor queries,
      Tensor keys,
      Tensor values,
      Segments segments,
      int window,
      double scale,
      Tensor out) {
    segments.check(queries.size(0), keys.size(0));
    checkHeads(queries.size(1), keys, values);
    require(queries.size(2) == keys.size(2), "queries %s and keys %s", queries, keys);
    checkBlock(out, 0, queries.size(0), 0, queries.size(1) * queries.size(2));
    script.run(
        "attend",
        queries,
        keys,
        values,
        segments.rows,
        segments.counts,
        segments.extents,
        segments.lengths,
        window,
        scale,
        out);
  }

  /**
   * Logits of {@code x[first : first + n]} for the tokens from {@code firstToken} on, in float32.
   *
   * @param best [rows, 2] the best logits so far, kept up to date; starts at minus infinity
   * @param tokens [rows, 2] their tokens
   * @param logits [rows, vocabulary] on the host; gets the logits of rows below {@code logitRows}
   */
  public void head(
      Tensor x,
      long first,
      long n,
      Tensor w,
      long firstToken,
      Tensor best,
      Tensor tokens,
      Tensor logits,
      long logitRows) {
    checkProduct(x, first, n, w, device.none(), 0);
    checkBlock(best, first, n, 0, 2);
    if (logitRows > 0) {
      checkBlock(logits, 0, logitRows, firstToken, w.size(0));
    }
    script.run("head", x, first, n, w, leastRows, firstToken, best, tokens, logits, logitRows);
  }

  /** The numbers of a float32 tensor, wherever it is. */
  public float[] toFloats(Tensor x) {
    return x.array().toFloatArray();
  }

  /** The numbers of an int64 tensor, wherever it is. */
  public long[] toLongs(Tensor x) {
    return x.array().toLongArray();
  }

  /**
   * A copy on the device, converted to {@code type} and seen in another shape of as many elements.
   */
  public Tensor reshape(String owner, Tensor x, NumberType type, long... shape) {
    long elements = Arrays.stream(shape).reduce(1, Math::multiplyExact);
    require(elements == x.elements(), "%s seen as %s", x, Arrays.toString(shape));
    IValue copy = script.call("reshaped", x, type.code(), shape);
    return device.account(owner, type, shape, copy);
  }

  private static void checkProduct(
      Tensor x, long first, long n, Tensor w, Tensor bias, long firstRow) {
    checkBlock(x, first, n, 0, x.size(1));
    require(x.size(1) == w.size(1), "product of %s and %s", x, w);
    require(x.type() == w.type(), "product of %s and %s", x, w);
    require(
        bias.elements() == 0 || firstRow + w.size(0) <= bias.elements(),
        "rows from %s of tile %s with bias %s",
        firstRow,
        w,
        bias);
  }

  private static void checkHeads(long heads, Tensor keys, Tensor values) {
    for (int i = 0; i < 3; i++) {
      require(keys.size(i) == values.size(i), "keys %s and values %s", keys, values);
    }
    require(heads % keys.size(1) == 0, "%s query heads and keys %s", heads, keys);
  }

  private static void checkHeadNorm(Tensor norm, long headDim) {
    require(norm.elements() == 0 || norm.elements() == headDim, "norm %s of %s", norm, headDim);
  }

  private static void checkBlock(Tensor x, long first, long n, long column, long columns) {
    require(
        first >= 0 && n > 0 && first + n <= x.size(0), "rows %s to %s of %s", first, first + n, x);
    require(
        column >= 0 && columns > 0 && column + columns <= x.size(1),
        "columns %s to %s of %s",
        column,
        column + columns,
        x);
  }

  @FormatMethod
  private static void require(boolean holds, String format, Object... values) {
    if (!holds) {
      throw new IllegalArgumentException("kernel called with " + String.format(format, values));
    }
  }
}
