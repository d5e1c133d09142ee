package dev.strata.udfs.tensor;

import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.nio.ShortBuffer;

/**
 * Products of few rows on the host's processor: {@code x[first : first + n] · wᵀ} in float32, which
 * {@link VectorProducts} make from bfloat16 weights as they lie in memory.
 */
final class FewRows {

  /** Matrix libraries multiply more faster. */
  static final int MOST = 16;

  /** The same where the processor itself multiplies bfloat16. */
  private static final int MOST_BESIDE_UNITS = 8;

  private final FloatBuffer product;
  private final ByteBuffer weights;
  private final int rows;
  private final int columns;
  private final float[] x;
  private final int n;

  /**
   * @param x [≥ first + n, columns], float32 or bfloat16
   * @param w [rows, columns], bfloat16
   * @param product [n, rows], float32, for the product
   */
  FewRows(Tensor x, long first, long n, Tensor w, Tensor product) {
    this.product = product.buffer().asFloatBuffer();
    this.weights = w.buffer();
    this.rows = Math.toIntExact(w.size(0));
    this.columns = Math.toIntExact(w.size(1));
    this.n = Math.toIntExact(n);
    this.x = numbers(x, Math.multiplyExact(first, columns));
  }

  /**
   * The most rows that are worth it here; 0 where this JVM cannot.
   *
   * @param converts whether other products convert weights to float32
   */
  static int most(boolean converts) {
    if (!VectorModule.isThere()) {
      return 0;
    }
    return converts ? MOST : MOST_BESIDE_UNITS;
  }

  /** Whether x and w are such numbers, of which each has its place in a buffer. */
  static boolean takes(Tensor x, Tensor w) {
    return w.type() == NumberType.BFLOAT16
        && x.type() != NumberType.FLOAT16
        && Math.max(x.bytes(), w.bytes()) <= Integer.MAX_VALUE;
  }

  /** The numbers of n rows, and room behind them as blocks have it. */
  private float[] numbers(Tensor x, long begin) {
    int blocks = (n + VectorProducts.BLOCK - 1) / VectorProducts.BLOCK;
    float[] all = new float[Math.multiplyExact(blocks * VectorProducts.BLOCK, columns)];
    int count = n * columns;
    int at = Math.toIntExact(begin);
    if (x.type() == NumberType.FLOAT32) {
      x.buffer().asFloatBuffer().get(at, all, 0, count);
    } else {
      ShortBuffer halves = x.buffer().asShortBuffer();
      for (int i = 0; i < count; i++) {
        all[i] = VectorProducts.toFloat(halves.get(at + i));
      }
    }
    return all;
  }

  /** Multiplies with the rows of weights from begin to end; calls may run side by side. */
  void multiply(long begin, long end) {
    VectorProducts.multiply(
        weights, rows, columns, Math.toIntExact(begin), Math.toIntExact(end), x, n, product);
  }
}
