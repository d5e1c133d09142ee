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

  /** Rows of weights whose sums with a row of x are in registers at once. */
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
    for (int r = begin; r < end; r += BLOCK) {
      int count = Math.min(BLOCK, end - r);
      w.get(r * columns, stored, 0, count * columns);
      for (int i = 0; i < n; i++) {
        if (count == BLOCK) {
          one(stored, columns, x, i * columns, y, i * rows + r);
          continue;
        }
        for (int k = 0; k < count; k++) {
          y.put(i * rows + r + k, dot(stored, k * columns, x, i * columns, columns));
        }
      }
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
}
