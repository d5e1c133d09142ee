package dev.strata.udfs.tensor;

import static jdk.incubator.vector.VectorOperators.ADD;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.S2I;

import java.nio.FloatBuffer;
import java.nio.ShortBuffer;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/**
 * Products of few rows with a matrix of weights, {@code y = x · wᵀ}, that read each weight from
 * memory once and do all else in registers and the nearest cache. Matrix libraries bring either
 * side into an order of their own first, which for a single row takes longer than the product.
 *
 * <p>Each element of {@code y} is summed by itself, in an order that only the length of the rows
 * and the JVM choose, so that it depends neither on how many rows go with its own, nor on which
 * part of the matrix a thread has.
 *
 * <p>For JVMs with the module jdk.incubator.vector alone; see {@link VectorModule}.
 */
final class VectorProducts {

  private static final VectorSpecies<Float> FLOATS = FloatVector.SPECIES_PREFERRED;
  private static final VectorSpecies<Integer> WORDS = FLOATS.withLanes(int.class);
  private static final VectorSpecies<Short> HALVES =
      VectorSpecies.of(short.class, VectorShape.forBitSize(FLOATS.vectorBitSize() / 2));

  private static final int LANES = FLOATS.length();

  /** Rows of weights, and of x, whose sums are in registers at once. */
  private static final int BLOCK = 4;

  private VectorProducts() {}

  /** Numbers in a register. */
  static int lanes() {
    return LANES;
  }

  /**
   * {@code y[i, r] = x[i] · w[r]} for the rows r of weights from {@code begin} to {@code end}.
   *
   * @param w [rows, columns], bfloat16
   * @param x [n, columns]
   * @param y [n, rows]
   */
  static void multiply(
      ShortBuffer w, int rows, int columns, int begin, int end, float[] x, int n, FloatBuffer y) {
    short[] stored = new short[BLOCK * columns];
    float[] wide = new float[n < BLOCK ? 0 : BLOCK * columns];
    for (int r = begin; r < end; r += BLOCK) {
      int count = Math.min(BLOCK, end - r);
      w.get(r * columns, stored, 0, count * columns);
      int i = 0;
      if (count == BLOCK) {
        if (n >= BLOCK) {
          widen(stored, wide, BLOCK * columns);
        }
        for (; i + BLOCK <= n; i += BLOCK) {
          four(wide, columns, x, i * columns, y, i * rows + r, rows);
        }
        for (; i < n; i++) {
          one(stored, columns, x, i * columns, y, i * rows + r);
        }
      }
      for (; i < n; i++) {
        for (int k = 0; k < count; k++) {
          y.put(i * rows + r + k, dot(stored, k * columns, x, i * columns, columns));
        }
      }
    }
  }

  private static void widen(short[] stored, float[] block, int n) {
    int c = 0;
    for (; c <= n - LANES; c += LANES) {
      widened(stored, c).intoArray(block, c);
    }
    for (; c < n; c++) {
      block[c] = widened(stored[c]);
    }
  }

  /** A bfloat16 number is the upper half of a float32 one. */
  private static FloatVector widened(short[] stored, int at) {
    return ShortVector.fromArray(HALVES, stored, at)
        .convertShape(S2I, WORDS, 0)
        .reinterpretAsInts()
        .lanewise(LSHL, Short.SIZE)
        .reinterpretAsFloats();
  }

  static float widened(short stored) {
    return Float.intBitsToFloat(stored << Short.SIZE);
  }

  /** A row of x with four of weights. */
  private static void one(short[] w, int columns, float[] x, int x0, FloatBuffer y, int at) {
    int w1 = columns;
    int w2 = 2 * columns;
    int w3 = 3 * columns;
    FloatVector a0 = FloatVector.zero(FLOATS);
    FloatVector a1 = a0;
    FloatVector a2 = a0;
    FloatVector a3 = a0;
    int c = 0;
    for (; c <= columns - LANES; c += LANES) {
      FloatVector v = FloatVector.fromArray(FLOATS, x, x0 + c);
      a0 = widened(w, c).fma(v, a0);
      a1 = widened(w, w1 + c).fma(v, a1);
      a2 = widened(w, w2 + c).fma(v, a2);
      a3 = widened(w, w3 + c).fma(v, a3);
    }
    float s0 = a0.reduceLanes(ADD);
    float s1 = a1.reduceLanes(ADD);
    float s2 = a2.reduceLanes(ADD);
    float s3 = a3.reduceLanes(ADD);
    for (; c < columns; c++) {
      float v = x[x0 + c];
      s0 = Math.fma(widened(w[c]), v, s0);
      s1 = Math.fma(widened(w[w1 + c]), v, s1);
      s2 = Math.fma(widened(w[w2 + c]), v, s2);
      s3 = Math.fma(widened(w[w3 + c]), v, s3);
    }
    y.put(at, s0).put(at + 1, s1).put(at + 2, s2).put(at + 3, s3);
  }

  /** Four rows of x with four of weights: eight loads for sixteen multiplications. */
  private static void four(
      float[] w, int columns, float[] x, int x0, FloatBuffer y, int at, int rows) {
    int w1 = columns;
    int w2 = 2 * columns;
    int w3 = 3 * columns;
    int x1 = x0 + columns;
    int x2 = x1 + columns;
    int x3 = x2 + columns;
    FloatVector a00 = FloatVector.zero(FLOATS);
    FloatVector a01 = a00;
    FloatVector a02 = a00;
    FloatVector a03 = a00;
    FloatVector a10 = a00;
    FloatVector a11 = a00;
    FloatVector a12 = a00;
    FloatVector a13 = a00;
    FloatVector a20 = a00;
    FloatVector a21 = a00;
    FloatVector a22 = a00;
    FloatVector a23 = a00;
    FloatVector a30 = a00;
    FloatVector a31 = a00;
    FloatVector a32 = a00;
    FloatVector a33 = a00;
    int c = 0;
    for (; c <= columns - LANES; c += LANES) {
      FloatVector b0 = FloatVector.fromArray(FLOATS, w, c);
      FloatVector b1 = FloatVector.fromArray(FLOATS, w, w1 + c);
      FloatVector b2 = FloatVector.fromArray(FLOATS, w, w2 + c);
      FloatVector b3 = FloatVector.fromArray(FLOATS, w, w3 + c);
      FloatVector v = FloatVector.fromArray(FLOATS, x, x0 + c);
      a00 = b0.fma(v, a00);
      a01 = b1.fma(v, a01);
      a02 = b2.fma(v, a02);
      a03 = b3.fma(v, a03);
      v = FloatVector.fromArray(FLOATS, x, x1 + c);
      a10 = b0.fma(v, a10);
      a11 = b1.fma(v, a11);
      a12 = b2.fma(v, a12);
      a13 = b3.fma(v, a13);
      v = FloatVector.fromArray(FLOATS, x, x2 + c);
      a20 = b0.fma(v, a20);
      a21 = b1.fma(v, a21);
      a22 = b2.fma(v, a22);
      a23 = b3.fma(v, a23);
      v = FloatVector.fromArray(FLOATS, x, x3 + c);
      a30 = b0.fma(v, a30);
      a31 = b1.fma(v, a31);
      a32 = b2.fma(v, a32);
      a33 = b3.fma(v, a33);
    }
    put(y, at, a00, a01, a02, a03, w, columns, x, x0, c);
    put(y, at + rows, a10, a11, a12, a13, w, columns, x, x1, c);
    put(y, at + 2 * rows, a20, a21, a22, a23, w, columns, x, x2, c);
    put(y, at + 3 * rows, a30, a31, a32, a33, w, columns, x, x3, c);
  }

  /** What the lanes of four sums make together, and the columns from c on that fill no register. */
  private static void put(
      FloatBuffer y,
      int at,
      FloatVector a0,
      FloatVector a1,
      FloatVector a2,
      FloatVector a3,
      float[] w,
      int columns,
      float[] x,
      int x0,
      int c) {
    y.put(at, tail(a0.reduceLanes(ADD), w, 0, x, x0, c, columns));
    y.put(at + 1, tail(a1.reduceLanes(ADD), w, columns, x, x0, c, columns));
    y.put(at + 2, tail(a2.reduceLanes(ADD), w, 2 * columns, x, x0, c, columns));
    y.put(at + 3, tail(a3.reduceLanes(ADD), w, 3 * columns, x, x0, c, columns));
  }

  private static float dot(short[] w, int w0, float[] x, int x0, int columns) {
    FloatVector a = FloatVector.zero(FLOATS);
    int c = 0;
    for (; c <= columns - LANES; c += LANES) {
      a = widened(w, w0 + c).fma(FloatVector.fromArray(FLOATS, x, x0 + c), a);
    }
    float sum = a.reduceLanes(ADD);
    for (; c < columns; c++) {
      sum = Math.fma(widened(w[w0 + c]), x[x0 + c], sum);
    }
    return sum;
  }

  private static float tail(float sum, float[] w, int w0, float[] x, int x0, int c, int columns) {
    float all = sum;
    for (int i = c; i < columns; i++) {
      all = Math.fma(w[w0 + i], x[x0 + i], all);
    }
    return all;
  }
}
