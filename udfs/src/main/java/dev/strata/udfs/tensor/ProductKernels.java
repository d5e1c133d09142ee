package dev.strata.udfs.tensor;

import static dev.strata.udfs.tensor.KernelChecks.checkBlock;
import static dev.strata.udfs.tensor.KernelChecks.require;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * Products of micro-batches with tiles.
 *
 * @see Kernels
 */
public final class ProductKernels implements AutoCloseable {

  private static final String PIECES = "weights in float32";

  private static final String FEW_ROWS = "products of few rows";

  /**
   * Elements of the float32 pieces that a CPU's products convert weights to: they stay in its
   * caches, where a whole tile would go out to memory and come back.
   */
  private static final long PIECE_ELEMENTS = 1 << 18;

  private static final Set<NumberType> NUMBERS =
      Set.of(NumberType.FLOAT32, NumberType.BFLOAT16, NumberType.FLOAT16);

  /** Work of a product that is worth handing to another thread (some 50 µs): weights read. */
  private static final long LEAST_PART_WEIGHTS = 1 << 18;

  /** The same: multiplications. */
  private static final long LEAST_PART_MULTIPLICATIONS = 1 << 21;

  private final ComputeDevice device;
  private final TorchScript script;
  private final int leastRows;
  private final boolean converts;
  private final boolean onCpu;
  private final int mostFewRows;

  /** [PIECE_ELEMENTS] for each thread, from the first product on that converts. */
  private final List<Tensor> pieces = new ArrayList<>();

  ProductKernels(ComputeDevice device, TorchScript script, int leastRows, boolean onCpu) {
    this.device = device;
    this.script = script;
    this.leastRows = leastRows;
    this.converts = device.productsConvert();
    this.onCpu = onCpu;
    this.mostFewRows = device.isHost() ? FewRows.most(converts) : 0;
  }

  /**
   * What a CPU's products hold for themselves.
   *
   * @param tileRows rows of the largest tile
   */
  public static Footprint products(int kernelThreads, long tileRows) {
    return Footprint.sum(
        Footprint.device(PIECES, kernelThreads * PIECE_ELEMENTS * Float.BYTES),
        Footprint.device(FEW_ROWS, FewRows.MOST * tileRows * Float.BYTES));
  }

  /** {@code out[: n, column : column + rows] = x[: n] · wᵀ + bias[firstRow : firstRow + rows]}. */
  public void storeProduct(
      Tensor x, long n, Tensor w, Tensor bias, long firstRow, Tensor out, long column) {
    checkBlock(out, 0, n, column, w.size(0));
    run("store_product", x, n, w, bias, firstRow, out, column);
  }

  /** {@code out[: n, firstRow : firstRow + rows] = silu(x[: n] · wᵀ + bias)}. */
  public void storeSiluProduct(Tensor x, long n, Tensor w, Tensor bias, long firstRow, Tensor out) {
    checkBlock(out, 0, n, firstRow, w.size(0));
    run("store_silu_product", x, n, w, bias, firstRow, out);
  }

  /**
   * {@code out[: n, firstRow : firstRow + rows] = gelu(x[: n] · wᵀ + bias)}, by the approximation
   * with a hyperbolic tangent.
   */
  public void storeGeluProduct(Tensor x, long n, Tensor w, Tensor bias, long firstRow, Tensor out) {
    checkBlock(out, 0, n, firstRow, w.size(0));
    run("store_gelu_product", x, n, w, bias, firstRow, out);
  }

  /** {@code out[: n, firstRow : firstRow + rows] *= x[: n] · wᵀ + bias}. */
  public void multiplyProduct(Tensor x, long n, Tensor w, Tensor bias, long firstRow, Tensor out) {
    checkBlock(out, 0, n, firstRow, w.size(0));
    run("multiply_product", x, n, w, bias, firstRow, out);
  }

  /** {@code out[first : first + n, firstRow : firstRow + rows] += x[: n] · wᵀ + bias}. */
  public void addProduct(
      Tensor x, long n, Tensor w, Tensor bias, long firstRow, Tensor out, long first) {
    checkBlock(out, first, n, firstRow, w.size(0));
    run("add_product", x, n, w, bias, firstRow, out, first);
  }

  /**
   * @param place where the product goes in {@code out}, besides what the tile's rows tell
   */
  private void run(
      String method,
      Tensor x,
      long n,
      Tensor w,
      Tensor bias,
      long firstRow,
      Tensor out,
      Object... place) {
    checkProduct(x, 0, n, w, bias, firstRow);
    inProductParts(
        new Factors(x, 0, w),
        n,
        (of, begin, end, piece) -> {
          Object[] product = {of.x(), n, of.w(), begin, end, bias, firstRow, leastRows, piece, out};
          script.run(method, TorchScript.joined(product, place));
        });
  }

  /**
   * A tile's part of the product with a transposed matrix: {@code out[: n] += x[: n, firstRow :
   * firstRow + rows] · w}; the first tile stores it and adds the bias.
   *
   * @param w [rows, columns of out]
   */
  public void transposedProduct(
      Tensor x, long n, Tensor w, Tensor bias, long firstRow, Tensor out) {
    checkBlock(x, 0, n, firstRow, w.size(0));
    checkBlock(out, 0, n, 0, w.size(1));
    require(bias.elements() == 0 || bias.elements() == w.size(1), "bias %s of tile %s", bias, w);
    require(
        x.type() == w.type() || (converts && NUMBERS.contains(w.type())),
        "product of %s and %s",
        x,
        w);
    long atOnce =
        x.type() == w.type() ? w.size(0) : Math.max(1, PIECE_ELEMENTS / Math.max(1, w.size(1)));
    long parts = Math.min(productParts(n, w), w.size(1));
    device.sideBySide(
        (int) parts,
        part ->
            script.run(
                "transposed_product",
                x,
                n,
                w,
                w.size(1) * part / parts,
                w.size(1) * (part + 1) / parts,
                bias,
                firstRow,
                leastRows,
                atOnce,
                out));
  }

  /**
   * What a product is made of: rows of x from {@code first} on, and a tile. Where the tile has no
   * elements, x is the product itself.
   */
  record Factors(Tensor x, long first, Tensor w) {}

  /** A product with the rows of a tile from {@code begin} to {@code end}. */
  interface ProductPart {
    void run(Factors of, long begin, long end, Tensor piece);
  }

  /** On a CPU a tile's rows are shared among threads; a small product is the calling thread's. */
  void inProductParts(Factors of, long n, ProductPart work) {
    if (n <= mostFewRows && FewRows.takes(of.x(), of.w()) && VectorModule.isReady()) {
      inPartsOfFewRows(of, n, work);
      return;
    }
    int parts = productParts(n, of.w());
    boolean plain = of.x().type() == of.w().type() && (!converts || areFloat32(of.x(), of.w()));
    if (!plain) {
      allocatePieces(parts);
    }
    inTileParts(
        parts,
        of.w().size(0),
        (part, begin, end) -> work.run(of, begin, end, plain ? device.none() : pieces.get(part)));
  }

  private void inPartsOfFewRows(Factors of, long n, ProductPart work) {
    long rows = of.w().size(0);
    try (Tensor product = device.allocate(FEW_ROWS, NumberType.FLOAT32, n, rows)) {
      FewRows few = new FewRows(of.x(), of.first(), n, of.w(), product);
      Factors made = new Factors(product, 0, device.none());
      inTileParts(
          productParts(n, of.w()),
          rows,
          (part, begin, end) -> {
            few.multiply(begin, end);
            work.run(made, begin, end, device.none());
          });
    }
  }

  /** Work on the rows of a tile from {@code begin} to {@code end}. */
  private interface TilePart {
    void run(int part, long begin, long end);
  }

  private void inTileParts(int parts, long rows, TilePart work) {
    device.sideBySide(
        parts, part -> work.run(part, rows * part / parts, rows * (part + 1) / parts));
  }

  private static boolean areFloat32(Tensor x, Tensor w) {
    return x.type() == NumberType.FLOAT32 && w.type() == NumberType.FLOAT32;
  }

  private void allocatePieces(int count) {
    while (pieces.size() < count) {
      pieces.add(device.allocate(PIECES, NumberType.FLOAT32, PIECE_ELEMENTS));
    }
  }

  private int productParts(long n, Tensor w) {
    long worth =
        Math.max(w.elements() / LEAST_PART_WEIGHTS, n * w.elements() / LEAST_PART_MULTIPLICATIONS);
    return (int) Math.max(1, Math.min(w.size(0), Math.min(device.kernelThreads(), worth)));
  }

  void checkProduct(Tensor x, long first, long n, Tensor w, Tensor bias, long firstRow) {
    checkBlock(x, first, n, 0, x.size(1));
    require(x.size(1) == w.size(1), "product of %s and %s", x, w);
    require(
        x.type() == w.type()
            || ((converts || (onCpu && x.type() == NumberType.FLOAT32))
                && NUMBERS.contains(w.type())),
        "product of %s and %s",
        x,
        w);
    require(
        bias.elements() == 0 || firstRow + w.size(0) <= bias.elements(),
        "rows from %s of tile %s with bias %s",
        firstRow,
        w,
        bias);
  }

  @Override
  public void close() {
    pieces.forEach(Tensor::close);
  }
}
