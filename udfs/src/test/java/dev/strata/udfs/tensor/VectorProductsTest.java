package dev.strata.udfs.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Products of few rows beside plain loops, whatever is left over of registers and blocks. */
class VectorProductsTest {

  private static final int MOST = 3;

  @ParameterizedTest
  @CsvSource({"1, 1", "3, 5", "4, 16", "5, 31", "8, 33", "11, 128", "64, 67", "5, 201"})
  void everyElementIsTheSumOfItsProducts(int rows, int columns) {
    Random random = new Random(rows);
    short[] w = new short[rows * columns];
    for (int i = 0; i < w.length; i++) {
      w[i] = (short) (Float.floatToIntBits((float) random.nextGaussian()) >>> Short.SIZE);
    }
    float[] x = new float[MOST * columns];
    for (int i = 0; i < x.length; i++) {
      x[i] = (float) random.nextGaussian();
    }
    float[] all = product(w, rows, columns, x, MOST, rows);
    for (int i = 0; i < MOST; i++) {
      for (int r = 0; r < rows; r++) {
        double sum = 0;
        double size = 0;
        for (int c = 0; c < columns; c++) {
          double term =
              (double) Float.intBitsToFloat(w[r * columns + c] << 16) * x[i * columns + c];
          sum += term;
          size += Math.abs(term);
        }
        assertThat((double) all[i * rows + r])
            .as("row %d of x, row %d of w", i, r)
            .isCloseTo(sum, within(1e-6 * size));
      }
    }
    for (int n = 1; n < MOST; n++) {
      assertThat(product(w, rows, columns, x, n, rows))
          .as("%d rows alone, bit for bit", n)
          .isEqualTo(Arrays.copyOf(all, n * rows));
    }
    for (int end = 1; end <= rows; end++) {
      assertThat(product(w, rows, columns, x, MOST, end))
          .as("in two parts, the first of %d rows of weights", end)
          .isEqualTo(all);
    }
  }

  /** The product in two parts. */
  private static float[] product(short[] w, int rows, int columns, float[] x, int n, int middle) {
    FloatBuffer y = FloatBuffer.allocate(n * rows);
    ByteBuffer weights =
        ByteBuffer.allocateDirect(w.length * Short.BYTES).order(ByteOrder.nativeOrder());
    weights.asShortBuffer().put(w);
    VectorProducts.multiply(weights, rows, columns, 0, middle, x, n, y);
    VectorProducts.multiply(weights, rows, columns, middle, rows, x, n, y);
    return y.array();
  }
}
