package dev.strata.udfs.tensor;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What the padding of products is for: a row's product is the same whatever goes with it. */
class ProductRowsTest {

  private static final int[] FEW = {1, 2, 3, 4, 5, 6, 7, 8, 15, 16, 17, 31, 33, 63};

  @ParameterizedTest
  @CsvSource({
    "1, 64, 48", "1, 96, 40", "1, 256, 768", "1, 768, 256", "1, 256, 8", "1, 1536, 512",
    "2, 64, 48", "2, 96, 40", "2, 256, 768", "2, 768, 256", "2, 256, 8", "2, 1536, 512"
  })
  void aRowsProductDoesNotDependOnHowManyGoWithIt(int threads, int columns, int tileRows) {
    Random random = new Random(42);
    Matrix x = Matrix.random(random, 64, columns);
    try (ComputeDevice device = ComputeDevice.open("cpu", "float32", threads);
        Tensor w = Matrix.random(random, tileRows, columns).on(device)) {
      Matrix expected = product(device, x, w);
      for (int n : FEW) {
        assertSameBits(product(device, x.rows(0, n), w), expected.rows(0, n));
        assertSameBits(product(device, x.rows(64 - n, 64), w), expected.rows(64 - n, 64));
      }
    }
  }

  private static Matrix product(ComputeDevice device, Matrix x, Tensor w) {
    try (Tensor input = x.on(device);
        Tensor out = Matrix.poison(x.rows, (int) w.size(0)).on(device)) {
      device.kernels().products().storeProduct(input, x.rows, w, device.none(), 0, out, 0);
      return Matrix.of(out);
    }
  }

  private static void assertSameBits(Matrix few, Matrix among64) {
    assertThat(Arrays.equals(few.values, among64.values))
        .as("%d rows are bit for bit what they are among 64", few.rows)
        .isTrue();
  }
}
