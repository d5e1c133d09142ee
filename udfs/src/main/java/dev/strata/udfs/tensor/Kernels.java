package dev.strata.udfs.tensor;

import static dev.strata.udfs.tensor.KernelChecks.checkBlock;
import static dev.strata.udfs.tensor.KernelChecks.checkNorm;
import static dev.strata.udfs.tensor.KernelChecks.checkRun;
import static dev.strata.udfs.tensor.KernelChecks.checkSameElements;
import static dev.strata.udfs.tensor.KernelChecks.require;

import java.util.Arrays;

/**
 * The kernels of {@code kernels.py}, with their shapes checked before native code sees them: a
 * wrong shape there may end the JVM. {@code n} is the number of tokens in a micro-batch; {@code w}
 * is a tile, [rows, columns]; a bias of no elements means none.
 */
public final class Kernels implements AutoCloseable {

  /**
   * Fewer rows are padded on a CPU: its matrix library takes other code paths below (measured: 1 to
   * 7 rows differ).
   */
  private static final int LEAST_CPU_ROWS = 16;

  private final ComputeDevice device;
  private final TorchScript script;
  private final RowParts parts;
  private final WeightKernels weights;
  private final ProductKernels products;
  private final AttentionKernels attention;
  private final ExpertKernels experts;
  private final LogitKernels logits;

  Kernels(ComputeDevice device, TorchScript script, boolean onCpu) {
    this.device = device;
    this.script = script;
    this.parts = new RowParts(device, onCpu);
    int leastRows = onCpu ? LEAST_CPU_ROWS : 0;
    this.weights = new WeightKernels(device, script, parts);
    this.products = new ProductKernels(device, script, leastRows, onCpu);
    this.attention = new AttentionKernels(device, script, parts, leastRows);
    this.experts = new ExpertKernels(device, script, parts, leastRows, onCpu);
    this.logits = new LogitKernels(device, script, parts, products, leastRows);
  }

  RowParts rowParts() {
    return parts;
  }

  /** Kernels that make matrices of tiles. */
  public WeightKernels weights() {
    return weights;
  }

  /** Products with tiles. */
  public ProductKernels products() {
    return products;
  }

  /** Kernels of attention. */
  public AttentionKernels attention() {
    return attention;
  }

  /** Kernels of routers and experts. */
  public ExpertKernels experts() {
    return experts;
  }

  /** Kernels of logits. */
  public LogitKernels logits() {
    return logits;
  }

  /** A view of a buffer's first elements as a matrix. */
  public Tensor matrix(Tensor x, long rows, long columns) {
    require(rows * columns <= x.elements(), "[%s, %s] of %s", rows, columns, x);
    return device.view(
        "matrix", x, x.type(), new long[] {rows, columns}, script.call("matrix", x, rows, columns));
  }

  /** A view of a buffer's first elements in another shape. */
  public Tensor seen(Tensor x, long... shape) {
    long elements = Arrays.stream(shape).reduce(1, Math::multiplyExact);
    require(elements <= x.elements(), "%s of %s", Arrays.toString(shape), x);
    return device.view("view", x, x.type(), shape, script.call("seen", x, elements, shape));
  }

  /** A view of some columns of a matrix, from {@code first} on. */
  public Tensor columns(Tensor x, long first, long columns) {
    long rows = x.size(0);
    checkBlock(x, 0, rows, first, columns);
    return device.view(
        "columns",
        x,
        x.type(),
        new long[] {rows, columns},
        script.call("block", x, 0, rows, first, columns));
  }

  /** A view of some elements of the first dimension. */
  public Tensor part(Tensor x, long begin, long end) {
    require(begin >= 0 && begin < end && end <= x.size(0), "%s to %s of %s", begin, end, x);
    return device.view(
        "part", x, x.type(), x.shapeWithFirst(end - begin), script.call("part", x, begin, end));
  }

  /**
   * {@code target[to : to + n] = source[begin : begin + n]} along the first dimension. Between
   * pinned memory and a GPU the copy goes on by itself.
   */
  public void copy(Tensor source, long begin, long n, Tensor target, long to) {
    checkSameElements(source, target);
    checkRun(source, begin, n);
    checkRun(target, to, n);
    script.run("copy_part", source, begin, n, target, to);
  }

  /** Several copies at once, of {@code counts[i]} from {@code begins[i]} to {@code to[i]}. */
  public void copy(Tensor source, long[] begins, long[] counts, Tensor target, long[] to) {
    checkSameElements(source, target);
    for (int i = 0; i < begins.length; i++) {
      checkRun(source, begins[i], counts[i]);
      checkRun(target, to[i], counts[i]);
    }
    script.run("copy_parts", source, begins, counts, target, to);
  }

  /** Copies elements from {@code begin} on to {@code to}, whatever the shapes. */
  public void copyFlat(Tensor source, long begin, long elements, Tensor target, long to) {
    checkRun(source, source.elements(), begin, elements);
    checkRun(target, target.elements(), to, elements);
    script.run("copy_flat", source, begin, elements, target, to);
  }

  /**
   * {@code out[: n] = x[first : first + n] / rms(x) · weight}, row by row, accumulated in float32;
   * {@code out[: n] = x[first : first + n]} where the weight has no elements.
   */
  public void normRows(Tensor x, long first, long n, Tensor weight, double epsilon, Tensor out) {
    checkBlock(x, first, n, 0, x.size(1));
    checkBlock(out, 0, n, 0, x.size(1));
    checkNorm(weight, x);
    require(out.size(1) == x.size(1), "norm of %s into %s", x, out);
    parts.run(
        n,
        x.size(1),
        (begin, count) ->
            script.run("norm_rows", x, first + begin, count, weight, epsilon, out, begin));
  }

  /**
   * {@code out[first : first + n] += scale · norm(x[: n])}, row by row; {@code scale · x[: n]}
   * where the weight has no elements.
   *
   * @param x overwritten
   */
  public void addRows(
      Tensor x, long n, Tensor weight, double epsilon, double scale, Tensor out, long first) {
    checkBlock(x, 0, n, 0, x.size(1));
    checkBlock(out, first, n, 0, x.size(1));
    checkNorm(weight, x);
    require(out.size(1) == x.size(1), "%s added to %s", x, out);
    parts.run(
        n,
        x.size(1),
        (begin, count) ->
            script.run("add_rows", x, begin, count, weight, epsilon, scale, out, first + begin));
  }

  /** {@code y[: n] *= sigmoid(x[: n])}, row by row. */
  public void weighRows(Tensor x, long n, Tensor y) {
    checkBlock(x, 0, n, 0, 1);
    checkBlock(y, 0, n, 0, y.size(1));
    require(x.size(1) == 1, "weights %s", x);
    parts.run(n, y.size(1), (begin, count) -> script.run("weigh_rows", x, begin, count, y));
  }

  /**
   * {@code out[: n] = (up + 1) · gate · sigmoid(alpha · gate)}, the gate at most {@code limit}, up
   * between that and its negative.
   *
   * @param x [tokens, 2 · width], gate and up by turns
   */
  public void clampGates(Tensor x, long n, double alpha, double limit, Tensor out) {
    checkBlock(x, 0, n, 0, x.size(1));
    checkBlock(out, 0, n, 0, out.size(1));
    require(x.size(1) == 2 * out.size(1), "gates %s into %s", x, out);
    parts.run(
        n,
        x.size(1),
        (begin, count) -> script.run("clamp_gates", x, begin, count, alpha, limit, out));
  }

  /** Matrices {@code stride} elements behind one another in a vector: [n, rows, columns]. */
  public Tensor strided(Tensor x, long begin, long n, long stride, long rows, long columns) {
    require(
        begin >= 0
            && n > 0
            && stride > 0
            && begin + (n - 1) * stride + rows * columns <= x.elements(),
        "%s matrices [%s, %s] from %s on, each %s behind, of %s",
        n,
        rows,
        columns,
        begin,
        stride,
        x);
    return device.view(
        "matrices",
        x,
        x.type(),
        new long[] {n, rows, columns},
        script.call("strided", x, begin, n, stride, rows, columns));
  }

  /** {@code x[first : first + n] *= factor}, a single number. */
  public void scaleRows(Tensor x, long first, long n, Tensor factor) {
    checkBlock(x, first, n, 0, x.size(1));
    require(factor.elements() == 1, "factor %s", factor);
    parts.run(
        n,
        x.size(1),
        (begin, count) -> script.run("multiply_rows", x, first + begin, count, factor));
  }

  /** {@code x[: n] *= carried[first : first + n, column : column + columns of x]}. */
  public void multiplyCarried(Tensor x, long n, Tensor carried, long first, long column) {
    checkBlock(x, 0, n, 0, x.size(1));
    checkBlock(carried, first, n, column, x.size(1));
    parts.run(
        n,
        x.size(1),
        (begin, count) ->
            script.run("multiply_carried", x, begin, count, carried, first + begin, column));
  }

  /**
   * {@code carried[first : first + n] = scale · (carried + norm(x[: n]))}, where each group of as
   * many elements as the weight has is normed alone.
   *
   * @param x overwritten
   */
  public void carry(
      Tensor x, long n, Tensor weight, double epsilon, double scale, Tensor carried, long first) {
    checkBlock(x, 0, n, 0, x.size(1));
    checkBlock(carried, first, n, 0, x.size(1));
    require(
        weight.elements() > 0 && x.size(1) % weight.elements() == 0 && carried.size(1) == x.size(1),
        "norm %s of %s into %s",
        weight,
        x,
        carried);
    parts.run(
        n,
        x.size(1),
        (begin, count) ->
            script.run("carry", x, begin, count, weight, epsilon, scale, carried, first + begin));
  }

  /** {@code x += value}. */
  public void shift(Tensor x, double value) {
    script.run("shift", x, value);
  }

  /**
   * Adds the norms of some rows up: {@code sums[row] += norm(x[first : first + n])}.
   *
   * @param normed [at least n, columns] of any type, which is overwritten
   * @param sums [rows, columns] float32
   */
  public void poolRows(
      Tensor x,
      long first,
      long n,
      Tensor weight,
      double epsilon,
      Tensor normed,
      Tensor sums,
      long row) {
    require(x.size(1) == weight.elements(), "norm %s of %s", weight, x);
    checkBlock(x, first, n, 0, x.size(1));
    checkBlock(normed, 0, n, 0, x.size(1));
    checkBlock(sums, row, 1, 0, x.size(1));
    script.run("pool_rows", x, first, n, weight, epsilon, normed, sums, row);
  }

  /** Fills a tensor with zeros. */
  public void clear(Tensor x) {
    script.run("clear", x);
  }

  /** {@code out[target] = x[source] / rms(x) · weight}, row by row. */
  public void normPicked(
      Tensor x, Tensor source, Tensor weight, double epsilon, Tensor out, Tensor target) {
    require(x.size(1) == weight.elements(), "norm %s of %s", weight, x);
    require(x.size(1) == out.size(1), "norm of %s into %s", x, out);
    require(source.elements() == target.elements(), "rows %s to %s", source, target);
    script.run("norm_picked", x, source, weight, epsilon, out, target);
  }

  /**
   * Copies embedding rows to hidden states: {@code x[first + i, column : column + width] = scale ·
   * staged[index[i]]}.
   *
   * @param staged [at least rows, width] on the host
   */
  public void embed(
      Tensor staged, long rows, Tensor index, double scale, Tensor x, long first, long column) {
    require(rows <= staged.size(0), "%s rows in %s", rows, staged);
    checkBlock(x, first, index.elements(), column, staged.size(1));
    script.runBlocking("embed", staged, rows, index, scale, x, first, column);
  }

  /** The numbers of a float32 tensor, wherever it is. */
  public float[] toFloats(Tensor x) {
    return device.toFloats(x);
  }

  /** The numbers of an int64 tensor, wherever it is. */
  public long[] toLongs(Tensor x) {
    return device.toLongs(x);
  }

  /**
   * A copy on the device, converted to {@code type} and seen in another shape of as many elements.
   */
  public Tensor reshape(String owner, Tensor x, NumberType type, long... shape) {
    long elements = Arrays.stream(shape).reduce(1, Math::multiplyExact);
    require(elements == x.elements(), "%s seen as %s", x, Arrays.toString(shape));
    Tensor copy = device.allocate(owner, type, shape);
    try {
      if (x.isOnHost()) {
        script.runBlocking("copy_all", x, copy);
      } else {
        script.run("copy_all", x, copy);
      }
      return copy;
    } catch (Throwable e) {
      Holdings.closeAfter(e, copy);
      throw e;
    }
  }

  @Override
  public void close() {
    products.close();
    weights.close();
  }
}
