package dev.strata.udfs.tensor;

import static dev.strata.udfs.tensor.KernelChecks.checkBlock;
import static dev.strata.udfs.tensor.KernelChecks.require;

/**
 * Logits, and what becomes of them.
 *
 * @see Kernels
 */
public final class LogitKernels {

  private static final String TILE_LOGITS = "logits of a tile";

  private final ComputeDevice device;
  private final TorchScript script;
  private final RowParts parts;
  private final ProductKernels products;
  private final int leastRows;

  /** Whether products are float32, whatever the type of weights. */
  private final boolean converts;

  LogitKernels(
      ComputeDevice device,
      TorchScript script,
      RowParts parts,
      ProductKernels products,
      int leastRows) {
    this.device = device;
    this.script = script;
    this.parts = parts;
    this.products = products;
    this.leastRows = leastRows;
    this.converts = device.productsConvert();
  }

  /**
   * Tokens whose logits are picked out of those of some rows, and these rows' sums of exponentials.
   *
   * @param firstRow the first of the rows
   * @param sums [rows] the logarithm of the sum so far, kept up to date; starts at minus infinity
   * @param rows [tokens] the row in whose place each token's logit is
   * @param tokens [tokens] the tokens
   * @param found [tokens] their logits, once their tile was there
   */
  public record Targets(long firstRow, Tensor sums, Tensor rows, Tensor tokens, Tensor found) {}

  /** No tokens. */
  public Targets noTargets() {
    Tensor none = device.none();
    return new Targets(0, none, none, none, none);
  }

  /**
   * Logits of {@code x[first : first + n]} for the tokens from {@code firstToken} on, in float32.
   *
   * @param best [rows, 2] the best logits so far, kept up to date; starts at minus infinity
   * @param tokens [rows, 2] their tokens
   * @param logits [rows, vocabulary] on the host; gets the logits of rows below {@code logitRows}
   * @param scaling what becomes of products
   * @param targets whose logits are picked out
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
      long logitRows,
      LogitScaling scaling,
      Targets targets) {
    products.checkProduct(x, first, n, w, device.none(), 0);
    require(
        targets.rows().elements() == targets.tokens().elements()
            && targets.tokens().elements() == targets.found().elements(),
        "targets %s",
        targets);
    checkBlock(best, first, n, 0, 2);
    if (logitRows > 0) {
      checkBlock(logits, 0, logitRows, firstToken, w.size(0));
    }
    try (Tensor y = device.allocate(TILE_LOGITS, logitType(w), n, w.size(0))) {
      products.inProductParts(
          new ProductKernels.Factors(x, first, w),
          n,
          (of, begin, end, piece) ->
              script.run(
                  "head_product", of.x(), of.first(), n, of.w(), begin, end, leastRows, piece, y));
      parts.run(
          n,
          w.size(0),
          (begin, count) -> {
            scale(y, begin, count, scaling);
            choose(y, begin, count, first + begin, firstToken, best, tokens, logits, logitRows);
            sumExponentials(y, begin, count, first + begin, targets);
          });
      pick(y, n, first, firstToken, targets);
    }
  }

  /**
   * How products become logits.
   *
   * @param scale what they are multiplied by
   * @param softCap logits are {@code softCap · tanh(logit / softCap)}; 0 for none
   */
  public record LogitScaling(double scale, double softCap) {

    public static final LogitScaling NONE = new LogitScaling(1, 0);
  }

  private void scale(Tensor y, long begin, long n, LogitScaling scaling) {
    if (!scaling.equals(LogitScaling.NONE)) {
      script.run("scale_logits", y, begin, n, scaling.scale(), scaling.softCap());
    }
  }

  private void sumExponentials(Tensor y, long begin, long n, long first, Targets targets) {
    if (targets.sums().elements() > 0) {
      script.run("sum_exponentials", y, begin, n, first, targets.firstRow(), targets.sums());
    }
  }

  /** At once for all rows, since each call writes all that is found. */
  private void pick(Tensor y, long n, long first, long firstToken, Targets targets) {
    if (targets.tokens().elements() > 0) {
      script.run(
          "pick", y, n, first, firstToken, targets.rows(), targets.tokens(), targets.found());
    }
  }

  private NumberType logitType(Tensor w) {
    return converts ? NumberType.FLOAT32 : w.type();
  }

  private void choose(
      Tensor y,
      long begin,
      long n,
      long first,
      long firstToken,
      Tensor best,
      Tensor tokens,
      Tensor logits,
      long logitRows) {
    Object[] arguments = {y, begin, n, first, firstToken, best, tokens, logits, logitRows};
    if (first < logitRows) {
      script.runBlocking("choose", arguments);
    } else {
      script.run("choose", arguments);
    }
  }

  /**
   * What {@link #head} takes meanwhile.
   *
   * @param n rows at once
   * @param columns tokens of a tile
   * @param type of weights and activations
   */
  public static Footprint tileLogits(long n, long columns, NumberType type) {
    return Footprint.device(TILE_LOGITS, n * columns * (type.bytes() + 2L * Float.BYTES));
  }
}
