package dev.strata.udfs.tensor;

import static jdk.incubator.vector.VectorOperators.ADD;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.S2I;

import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.nio.ShortBuffer;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/**
 * Products of few rows with a matrix of weights, {@code y = x · wᵀ}, that read each weight from
 * memory once, in its order, and do all else in registers and the nearest cache. Matrix libraries
 * bring either side into an order of their own first, which for a single row takes longer than the
 * product.
 *
 * <p>Each element of {@code y} is summed by itself, in an order that only the length of the rows
 * and the JVM choose, so that it does not depend on which part of the matrix a thread has, nor, up
 * to {@link #ALONE} rows and from there on, on how many rows go with its own.
 *
 * <p>For JVMs with the module jdk.incubator.vector alone; see {@link VectorModule}.
 */
final class VectorProducts {

  private static final VectorSpecies<Float> FLOATS = FloatVector.SPECIES_PREFERRED;
  private static final VectorSpecies<Integer> WORDS = FLOATS.withLanes(int.class);
  static final VectorSpecies<Short> HALVES =
      VectorSpecies.of(short.class, VectorShape.forBitSize(FLOATS.vectorBitSize() / 2));

  private static final int LANES = FLOATS.length();

  /** Bytes of bfloat16 numbers for a register. */
  private static final int STEP = LANES * Short.BYTES;

  /** Sums of a single product that go on side by side: one waits for its last addition. */
  private static final int SUMS = 4;

  /** Up to so many rows of x go one by one, as fast as memory is read. */
  static final int ALONE = 2;

  /** Rows of x and rows of weights whose sums with one another are in registers at once. */
  static final int BLOCK = 4;

  private VectorProducts() {}

  /** Numbers in a register. */
  static int lanes() {
    return LANES;
  }

  /**
   * {@code y[i, r] = x[i] · w[r]} for the rows r of weights from {@code begin} to {@code end}.
   *
   * @param w [rows, columns], bfloat16, a direct buffer in the machine's order
   * @param x [n, columns]; where n is more than {@link #ALONE}, with rows of any numbers behind up
   *     to a multiple of {@link #BLOCK}
   * @param y [n, rows]
   */
  static void multiply(
      ByteBuffer w, int rows, int columns, int begin, int end, float[] x, int n, FloatBuffer y) {
    if (n <= ALONE) {
      multiplyAlone(w, rows, columns, begin, end, x, n, y);
    } else {
      multiplyBlocks(w.asShortBuffer(), rows, columns, begin, end, x, n, y);
    }
  }

  private static void multiplyAlone(
      ByteBuffer w, int rows, int columns, int begin, int end, float[] x, int n, FloatBuffer y) {
    Object memory = VectorLoads.view(w);
    for (int r = begin; r < end; r++) {
      for (int i = 0; i < n; i++) {
        y.put(i * rows + r, dot(memory, w, r * columns * Short.BYTES, x, i * columns, columns));
      }
    }
  }

  /** Weights are copied to a cache first, since all rows of x come to them. */
  private static void multiplyBlocks(
      ShortBuffer w, int rows, int columns, int begin, int end, float[] x, int n, FloatBuffer y) {
    short[] stored = new short[BLOCK * columns];
    float[] sums = new float[BLOCK * BLOCK];
    for (int r = begin; r < end; r += BLOCK) {
      int count = Math.min(BLOCK, end - r);
      w.get(r * columns, stored, 0, count * columns);
      for (int i = 0; i < n; i += BLOCK) {
        block(stored, x, i * columns, columns, sums);
        for (int k = 0; k < Math.min(BLOCK, n - i); k++) {
          y.put((i + k) * rows + r, sums, k * BLOCK, count);
        }
      }
    }
  }

  /** A bfloat16 number is the upper half of a float32 one. */
  private static FloatVector widened(ShortVector halves) {
    return halves
        .convertShape(S2I, WORDS, 0)
        .reinterpretAsInts()
        .lanewise(LSHL, Short.SIZE)
        .reinterpretAsFloats();
  }

  private static FloatVector widened(Object memory, int at) {
    return widened(VectorLoads.halves(memory, at));
  }

  private static FloatVector widened(short[] stored, int at) {
    return widened(ShortVector.fromArray(HALVES, stored, at));
  }

  static float toFloat(short stored) {
    return Float.intBitsToFloat(stored << Short.SIZE);
  }

  /** A row of weights, which begins at byte w0 of memory and of w, with one of x. */
  private static float dot(Object memory, ByteBuffer w, int w0, float[] x, int x0, int columns) {
    FloatVector a0 = FloatVector.zero(FLOATS);
    FloatVector a1 = a0;
    FloatVector a2 = a0;
    FloatVector a3 = a0;
    int c = 0;
    for (; c <= columns - SUMS * LANES; c += SUMS * LANES) {
      int at = w0 + c * Short.BYTES;
      int from = x0 + c;
      a0 = widened(memory, at).fma(FloatVector.fromArray(FLOATS, x, from), a0);
      a1 = widened(memory, at + STEP).fma(FloatVector.fromArray(FLOATS, x, from + LANES), a1);
      a2 =
          widened(memory, at + 2 * STEP)
              .fma(FloatVector.fromArray(FLOATS, x, from + 2 * LANES), a2);
      a3 =
          widened(memory, at + 3 * STEP)
              .fma(FloatVector.fromArray(FLOATS, x, from + 3 * LANES), a3);
    }
    for (; c <= columns - LANES; c += LANES) {
      a0 = widened(memory, w0 + c * Short.BYTES).fma(FloatVector.fromArray(FLOATS, x, x0 + c), a0);
    }
    float sum = a0.add(a1).add(a2.add(a3)).reduceLanes(ADD);
    for (; c < columns; c++) {
      sum = Math.fma(toFloat(w.getShort(w0 + c * Short.BYTES)), x[x0 + c], sum);
    }
    return sum;
  }

  /**
   * {@code sums[k · BLOCK + j] = x[x0 + k · columns :] · w[j · columns :]}, each by itself: however
   * many rows are of use, the order of a sum is the same.
   */
  private static void block(short[] w, float[] x, int x0, int columns, float[] sums) {
    int w1 = columns;
    int w2 = 2 * columns;
    int w3 = 3 * columns;
    int x1 = x0 + columns;
    int x2 = x1 + columns;
    int x3 = x2 + columns;
    FloatVector zero = FloatVector.zero(FLOATS);
    FloatVector a00 = zero;
    FloatVector a01 = zero;
    FloatVector a02 = zero;
    FloatVector a03 = zero;
    FloatVector a10 = zero;
    FloatVector a11 = zero;
    FloatVector a12 = zero;
    FloatVector a13 = zero;
    FloatVector a20 = zero;
    FloatVector a21 = zero;
    FloatVector a22 = zero;
    FloatVector a23 = zero;
    FloatVector a30 = zero;
    FloatVector a31 = zero;
    FloatVector a32 = zero;
    FloatVector a33 = zero;
    int c = 0;
    for (; c <= columns - LANES; c += LANES) {
      FloatVector b0 = widened(w, c);
      FloatVector b1 = widened(w, w1 + c);
      FloatVector b2 = widened(w, w2 + c);
      FloatVector b3 = widened(w, w3 + c);
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
    put(a00, a01, a02, a03, sums, 0);
    put(a10, a11, a12, a13, sums, BLOCK);
    put(a20, a21, a22, a23, sums, 2 * BLOCK);
    put(a30, a31, a32, a33, sums, 3 * BLOCK);
    for (; c < columns; c++) {
      for (int k = 0; k < BLOCK; k++) {
        for (int j = 0; j < BLOCK; j++) {
          int at = k * BLOCK + j;
          sums[at] = Math.fma(toFloat(w[j * columns + c]), x[x0 + k * columns + c], sums[at]);
        }
      }
    }
  }

  private static void put(
      FloatVector a, FloatVector b, FloatVector c, FloatVector d, float[] sums, int at) {
    sums[at] = a.reduceLanes(ADD);
    sums[at + 1] = b.reduceLanes(ADD);
    sums[at + 2] = c.reduceLanes(ADD);
    sums[at + 3] = d.reduceLanes(ADD);
  }
}
