package dev.strata.udfs.tensor;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Products with weights of another type than float32, which a CPU converts on the way: against
 * plain loops over the same numbers, with poison around what is written.
 */
class ConvertedProductsTest {

  private static final int FIRST_ROW = 5;

  /**
   * Shapes whose parts, pieces and last pieces are odd, rows longer than a piece, and one that
   * fills it but for the room that its product needs.
   */
  private record Shape(int n, int rows, int columns) {}

  private static final List<Shape> SHAPES =
      List.of(
          new Shape(1, 37, 19),
          new Shape(4, 700, 1031),
          new Shape(5, 37, 19),
          new Shape(15, 700, 1031),
          new Shape(16, 90, 513),
          new Shape(300, 301, 1031),
          new Shape(2, 3, (1 << 18) + 1),
          new Shape(6, 3, (1 << 18) + 1),
          new Shape(6, 3, (1 << 18) - 3));

  private static Stream<Arguments> cases() {
    return SHAPES.stream()
        .flatMap(
            shape ->
                Stream.of("float32", "float16", "bfloat16")
                    .flatMap(
                        compute ->
                            Stream.of(NumberType.FLOAT16, NumberType.FLOAT32, NumberType.BFLOAT16)
                                .map(stored -> Arguments.of(shape, compute, stored))));
  }

  /** One product's numbers, each of the type it is said to have, and what has to come out. */
  private static final class Case implements AutoCloseable {
    final ComputeDevice device;
    final Kernels kernels;
    final NumberType compute;
    final Shape shape;
    final Matrix x;
    final Matrix w;
    final Matrix bias;
    final Matrix before;
    final Tensor input;
    final Tensor weights;
    final Tensor biases;

    Case(Shape shape, String compute, NumberType stored) {
      this.shape = shape;
      this.device = ComputeDevice.open("cpu", compute, 2);
      this.kernels = device.kernels();
      this.compute = device.computeType();
      Random random = new Random(shape.hashCode());
      double scale = 1 / Math.sqrt(shape.columns);
      this.input = typed(Matrix.random(random, shape.n, shape.columns), this.compute);
      Matrix some = Matrix.random(random, shape.rows, shape.columns);
      this.weights = typed(some.map((i, j) -> some.at(i, j) * scale), stored);
      this.biases = typed(Matrix.random(random, 1, FIRST_ROW + shape.rows), this.compute);
      this.before = read(typed(Matrix.random(random, shape.n, shape.rows), this.compute), true);
      this.x = read(input, false);
      this.w = read(weights, false);
      this.bias = read(biases, false);
    }

    Tensor typed(Matrix matrix, NumberType type) {
      long[] shape = {matrix.rows, matrix.columns};
      try (Tensor plain = matrix.on(device)) {
        return kernels.reshape("test", plain, type, shape);
      }
    }

    Matrix read(Tensor tensor, boolean close) {
      try (Tensor wide =
          kernels.reshape(
              "test",
              tensor,
              NumberType.FLOAT32,
              tensor.size(0),
              tensor.elements() / tensor.size(0))) {
        return Matrix.of(wide);
      } finally {
        if (close) {
          tensor.close();
        }
      }
    }

    double product(int row, int column) {
      return x.dot(row, w, column) + bias.at(0, FIRST_ROW + column);
    }

    /** What a kernel makes of a buffer that has a block with {@code before} and else poison. */
    void check(NumberType outType, int firstOut, Matrix.Element expected, Call call) {
      Matrix poisoned =
          Matrix.poison(firstOut + shape.n + 2, FIRST_ROW + shape.rows + 3)
              .with(firstOut, FIRST_ROW, before);
      try (Tensor out = typed(poisoned, outType);
          Tensor bias = kernels.reshape("test", biases, compute, biases.elements())) {
        call.run(input, shape.n, weights, bias, out);
        read(out, false)
            .assertBlock(firstOut, shape.n, FIRST_ROW, shape.rows, tolerance(outType), expected);
      }
    }

    private double tolerance(NumberType out) {
      return switch (out) {
        case BFLOAT16 -> 0.15;
        case FLOAT16 -> 0.02;
        default -> compute == NumberType.BFLOAT16 && !device.productsConvert() ? 0.1 : 2e-5;
      };
    }

    @Override
    public void close() {
      biases.close();
      weights.close();
      input.close();
      device.close();
    }
  }

  private interface Call {
    void run(Tensor x, int n, Tensor w, Tensor bias, Tensor out);
  }

  private static double silu(double value) {
    return value / (1 + Math.exp(-value));
  }

  @ParameterizedTest
  @MethodSource("cases")
  void productsOfAllTypes(Shape shape, String compute, NumberType stored) {
    try (Case c = new Case(shape, compute, stored)) {
      if (!c.device.productsConvert() && c.compute != stored) {
        return; // the engine converts such tiles before
      }
      Kernels kernels = c.kernels;
      c.check(
          c.compute,
          0,
          c::product,
          (x, n, w, bias, out) ->
              kernels.products().storeProduct(x, n, w, bias, FIRST_ROW, out, FIRST_ROW));
      c.check(
          c.compute,
          0,
          (i, j) -> silu(c.product(i, j)),
          (x, n, w, bias, out) ->
              kernels.products().storeSiluProduct(x, n, w, bias, FIRST_ROW, out));
      c.check(
          c.compute,
          0,
          (i, j) -> c.before.at(i, j) * c.product(i, j),
          (x, n, w, bias, out) ->
              kernels.products().multiplyProduct(x, n, w, bias, FIRST_ROW, out));
      c.check(
          NumberType.FLOAT32,
          2,
          (i, j) -> c.before.at(i, j) + c.product(i, j),
          (x, n, w, bias, out) -> kernels.products().addProduct(x, n, w, bias, FIRST_ROW, out, 2));
    }
  }

  /** A place holds several tiles; the products' is one of them, from any whole element on. */
  @ParameterizedTest
  @ValueSource(strings = {"BFLOAT16", "FLOAT16"})
  void tilesAreUsedWhereTheyLie(String name) {
    NumberType stored = NumberType.valueOf(name);
    try (Case c = new Case(new Shape(3, 40, 21), "float32", stored);
        Tensor place = c.device.allocateHost("place", stored, 2000);
        Tensor scratch = c.device.allocate("scratch", NumberType.FLOAT32, 0);
        Tensor out = c.device.allocate("out", NumberType.FLOAT32, 3, 40)) {
      c.kernels.copyFlat(c.weights, 0, 840, place, 7);
      try (Tensor tile = c.kernels.weights().tile(place, 14, stored, 40, 21, scratch)) {
        assertThat(tile.type()).isEqualTo(stored);
        c.kernels.products().storeProduct(c.input, 3, tile, c.device.none(), 0, out, 0);
      }
      Matrix.of(out).assertBlock(0, 3, 0, 40, 2e-5, (i, j) -> c.x.dot(i, c.w, j));
    }
  }

  /** Up to how many rows go one by one. */
  int fewRows(NumberType stored) {
    return 4;
  }

  /** Among few, and among any number from one more on, whatever the numbers are. */
  @ParameterizedTest
  @ValueSource(strings = {"BFLOAT16", "FLOAT16"})
  void aRowsProductDoesNotDependOnHowManyGoWithIt(String name) {
    NumberType stored = NumberType.valueOf(name);
    int most = fewRows(stored);
    Shape shape = new Shape(64, 1500, 768);
    try (Case c = new Case(shape, "float32", stored)) {
      Matrix few = product(c, 0, most);
      Matrix all = product(c, 0, 64);
      for (int n : new int[] {1, 2, 3, 5, 7, 8, 15, 16, 17, 33}) {
        Matrix among = n <= most ? few : all;
        assertSameBits(product(c, 0, n), among.rows(0, n));
        assertSameBits(product(c, among.rows - n, among.rows), last(among, n));
      }
      few.assertSame(all.rows(0, most), 1e-5);
    }
  }

  private static Matrix last(Matrix rows, int n) {
    return rows.rows(rows.rows - n, rows.rows);
  }

  private static Matrix product(Case c, int first, int end) {
    try (Tensor x = c.x.rows(first, end).on(c.device);
        Tensor out = Matrix.poison(end - first, c.shape.rows).on(c.device)) {
      c.kernels.products().storeProduct(x, end - first, c.weights, c.device.none(), 0, out, 0);
      return Matrix.of(out);
    }
  }

  private static void assertSameBits(Matrix some, Matrix among) {
    assertThat(Arrays.equals(some.values, among.values))
        .as("%d rows are bit for bit what they are among more", some.rows)
        .isTrue();
  }
}
