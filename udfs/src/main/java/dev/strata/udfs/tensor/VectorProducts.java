package dev.strata.udfs.tensor;

import static jdk.incubator.vector.VectorOperators.ADD;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.S2I;

import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/**
 * Products of few rows with a matrix of weights, {@code y = x · wᵀ}, that read each weight from
 * memory once, in its order, and do all else in registers and the nearest cache. Matrix libraries
 * bring either side into an order of their own first, which for a single row takes longer than the
 * product.
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
  static final VectorSpecies<Short> HALVES =
      VectorSpecies.of(short.class, VectorShape.forBitSize(FLOATS.vectorBitSize() / 2));

  private static final int LANES = FLOATS.length();

  /** Bytes of bfloat16 numbers for a register. */
  private static final int STEP = LANES * Short.BYTES;

  /** Sums of a product that go on side by side: one waits for its last addition. */
  private static final int SUMS = 4;

  private VectorProducts() {}

  /** Numbers in a register. */
  static int lanes() {
    return LANES;
  }

  /**
   * {@code y[i, r] = x[i] · w[r]} for the rows r of weights from {@code begin} to {@code end}.
   *
   * @param w [rows, columns], bfloat16, a direct buffer in the machine's order
   * @param x [n, columns]
   * @param y [n, rows]
   */
  static void multiply(
      ByteBuffer w, int rows, int columns, int begin, int end, float[] x, int n, FloatBuffer y) {
    Object memory = VectorLoads.view(w);
    for (int r = begin; r < end; r++) {
      for (int i = 0; i < n; i++) {
        y.put(i * rows + r, dot(memory, w, r * columns * Short.BYTES, x, i * columns, columns));
      }
    }
  }

  /** A bfloat16 number is the upper half of a float32 one. */
  private static FloatVector widened(Object memory, int at) {
    return VectorLoads.halves(memory, at)
        .convertShape(S2I, WORDS, 0)
        .reinterpretAsInts()
        .lanewise(LSHL, Short.SIZE)
        .reinterpretAsFloats();
  }

  static float widened(short stored) {
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
      sum = Math.fma(widened(w.getShort(w0 + c * Short.BYTES)), x[x0 + c], sum);
    }
    return sum;
  }
}
