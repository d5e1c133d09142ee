package dev.strata.udfs.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Every kernel against plain loops, on inputs and outputs with poison around the block in hand. */
class KernelsTest extends KernelFixture {

  private static final double TOLERANCE = 1e-4;

  // Weights

  /** Bit patterns of a type, and the numbers that they are. */
  private static final class Stored {
    final float[] values;
    private final byte[] bytes;

    private Stored(byte[] bytes, float[] values) {
      this.bytes = bytes;
      this.values = values;
    }

    static Stored random(Random random, NumberType type, int count) {
      ByteBuffer bytes = ByteBuffer.allocate(count * type.bytes()).order(ByteOrder.nativeOrder());
      float[] values = new float[count];
      for (int i = 0; i < count; i++) {
        values[i] = put(random, type, bytes);
      }
      return new Stored(bytes.array(), values);
    }

    private static float put(Random random, NumberType type, ByteBuffer bytes) {
      float number = (float) random.nextGaussian();
      switch (type) {
        case FLOAT32 -> {
          bytes.putFloat(number);
          return number;
        }
        case BFLOAT16 -> {
          int bits = Float.floatToRawIntBits(number) >>> 16;
          bytes.putShort((short) bits);
          return Float.intBitsToFloat(bits << 16);
        }
        case FLOAT16 -> {
          // Sign, an exponent of a normal number, and a fraction of ten bits.
          int sign = random.nextInt(2);
          int exponent = 1 + random.nextInt(30);
          int fraction = random.nextInt(1 << 10);
          bytes.putShort((short) (sign << 15 | exponent << 10 | fraction));
          return (float) ((1 - 2 * sign) * Math.scalb(1 + fraction / 1024.0, exponent - 15));
        }
        default -> throw new IllegalArgumentException(type.toString());
      }
    }

    Tensor in(Tensor slot) {
      ByteBuffer target = slot.buffer();
      while (target.hasRemaining()) {
        target.put((byte) 0xff);
      }
      slot.buffer().put(bytes);
      return slot;
    }
  }

  private static Stream<Named<NumberType[]>> slotAndStoredTypes() {
    return Stream.of(NumberType.FLOAT32, NumberType.FLOAT16, NumberType.BFLOAT16)
        .flatMap(
            stored ->
                Stream.of(stored, NumberType.UINT8)
                    .map(
                        slot -> Named.of(stored + " in " + slot, new NumberType[] {slot, stored})));
  }

  @ParameterizedTest
  @MethodSource("slotAndStoredTypes")
  void weightsAreTheFirstElementsOfASlot(NumberType[] types) {
    Stored stored = Stored.random(random, types[1], 5 * 7);
    long slotElements = 64L * 4 / types[0].bytes();
    Tensor slot = stored.in(own(device.allocateHost("slot", types[0], slotElements)));
    Tensor scratch = tensor(Matrix.poison(1, 50), 50);
    Tensor weights = own(kernels.weights(slot, types[1], 5, 7, scratch));
    assertThat(weights.size(0)).isEqualTo(5);
    assertThat(weights.size(1)).isEqualTo(7);
    assertThat(kernels.toFloats(weights)).containsExactly(stored.values);
    int converted = types[1] == NumberType.FLOAT32 ? 0 : 35;
    Matrix.of(scratch).assertBlock(0, converted, 0, 1, 0, (i, j) -> stored.values[i]);
  }

  @Test
  void float32WeightsAreRoundedWhereTheComputeTypeIsNarrower() {
    Stored stored = Stored.random(random, NumberType.FLOAT32, 6);
    Tensor slot = stored.in(own(device.allocateHost("slot", NumberType.FLOAT32, 10)));
    Tensor scratch = own(device.allocateHost("scratch", NumberType.BFLOAT16, 8));
    Tensor weights = own(kernels.weights(slot, NumberType.FLOAT32, 3, 2, scratch));
    assertThat(weights.type()).isEqualTo(NumberType.BFLOAT16);
    Tensor wide = own(kernels.reshape("test", weights, NumberType.FLOAT32, 6));
    float[] rounded = kernels.toFloats(wide);
    for (int i = 0; i < 6; i++) {
      assertThat(rounded[i]).isCloseTo(stored.values[i], within(Math.abs(stored.values[i]) / 256));
      assertThat(Float.floatToRawIntBits(rounded[i]) & 0xffff).isZero();
    }
  }

  // Products

  /** What a product kernel gets, and what it has to give. */
  private final class Product {
    final Matrix x = random(40, 24);
    final Matrix w = random(9, 24);
    final Matrix bias;
    final int firstRow = 5;

    Product(int n, boolean biased) {
      this.bias = biased ? random(1, 20) : Matrix.poison(1, 0);
      // Rows that do not belong to the micro-batch.
      x.with(n, 0, Matrix.poison(x.rows - n, x.columns));
    }

    double at(int row, int column) {
      double product = x.dot(row, w, column);
      return bias.columns == 0 ? product : product + bias.at(0, firstRow + column);
    }

    Tensor biasTensor() {
      return bias.columns == 0 ? device.none() : vector(bias);
    }
  }

  private static double silu(double x) {
    return x / (1 + Math.exp(-x));
  }

  @ParameterizedTest
  @CsvSource({"1, true", "1, false", "7, true", "16, false", "33, true"})
  void storeProductWritesItsColumns(int n, boolean biased) {
    Product product = new Product(n, biased);
    Tensor out = tensor(Matrix.poison(36, 30));
    kernels.storeProduct(
        tensor(product.x), n, tensor(product.w), product.biasTensor(), product.firstRow, out, 13);
    Matrix.of(out).assertBlock(0, n, 13, 9, TOLERANCE, product::at);
  }

  @ParameterizedTest
  @CsvSource({"1, true", "1, false", "7, true", "16, false", "33, true"})
  void storeSiluProductWritesItsColumns(int n, boolean biased) {
    Product product = new Product(n, biased);
    Tensor out = tensor(Matrix.poison(36, 30));
    kernels.storeSiluProduct(
        tensor(product.x), n, tensor(product.w), product.biasTensor(), product.firstRow, out);
    Matrix.of(out)
        .assertBlock(0, n, product.firstRow, 9, TOLERANCE, (i, j) -> silu(product.at(i, j)));
  }

  @ParameterizedTest
  @CsvSource({"1, true", "1, false", "7, true", "16, false", "33, true"})
  void multiplyProductChangesItsColumns(int n, boolean biased) {
    Product product = new Product(n, biased);
    Matrix factors = random(n, 9);
    Tensor out = tensor(Matrix.poison(36, 30).with(0, product.firstRow, factors));
    kernels.multiplyProduct(
        tensor(product.x), n, tensor(product.w), product.biasTensor(), product.firstRow, out);
    Matrix.of(out)
        .assertBlock(
            0, n, product.firstRow, 9, TOLERANCE, (i, j) -> factors.at(i, j) * product.at(i, j));
  }

  @ParameterizedTest
  @CsvSource({"1, true", "1, false", "7, true", "16, false", "33, true"})
  void addProductChangesItsRowsAndColumns(int n, boolean biased) {
    Product product = new Product(n, biased);
    Matrix terms = random(n, 9);
    Tensor out = tensor(Matrix.poison(40, 30).with(4, product.firstRow, terms));
    kernels.addProduct(
        tensor(product.x), n, tensor(product.w), product.biasTensor(), product.firstRow, out, 4);
    Matrix.of(out)
        .assertBlock(
            4, n, product.firstRow, 9, TOLERANCE, (i, j) -> terms.at(i, j) + product.at(i, j));
  }

  // Norms

  private static double normed(Matrix x, int row, int column, Matrix weight, double epsilon) {
    double meanSquare = x.dot(row, x, row) / x.columns;
    return x.at(row, column) / Math.sqrt(meanSquare + epsilon) * weight.at(0, column);
  }

  @ParameterizedTest
  @ValueSource(doubles = {1e-6, 0.5})
  void normRowsWritesTheFirstRows(double epsilon) {
    Matrix x = Matrix.poison(12, 20).with(4, 0, random(5, 20));
    Matrix weight = random(1, 20);
    Tensor out = tensor(Matrix.poison(9, 20));
    kernels.normRows(tensor(x), 4, 5, vector(weight), epsilon, out);
    Matrix.of(out).assertBlock(0, 5, 0, 20, 1e-5, (i, j) -> normed(x, 4 + i, j, weight, epsilon));
  }

  @Test
  void normPickedTakesRowsInTheOrderOfTheIndex() {
    Matrix x = random(12, 20);
    Matrix weight = random(1, 20);
    long[] index = {11, 0, 5, 5};
    Tensor picked = own(kernels.normPicked(tensor(x), indexes(index), vector(weight), 1e-5));
    Matrix.of(picked)
        .assertBlock(0, 4, 0, 20, 1e-5, (i, j) -> normed(x, (int) index[i], j, weight, 1e-5));
  }

  // Embedding and positions

  @ParameterizedTest
  @EnumSource(
      value = NumberType.class,
      names = {"FLOAT32", "FLOAT16", "BFLOAT16"})
  void embedCopiesTheRowsThatTheIndexPicks(NumberType type) {
    Stored stored = Stored.random(random, type, 3 * 10);
    Tensor staged = stored.in(own(device.allocateHost("staged", NumberType.UINT8, 200)));
    long[] index = {2, 0, 0, 1, 2};
    Tensor x = tensor(Matrix.poison(9, 10));
    kernels.embed(staged, type, 3, indexes(index), x, 3);
    Matrix.of(x).assertBlock(3, 5, 0, 10, 0, (i, j) -> stored.values[(int) index[i] * 10 + j]);
  }

  @Test
  void rotationsAreCosinesAndSinesOfPositionTimesFrequency() {
    long[] positions = {0, 1, 2, 1000, 8191, 131_071};
    Matrix frequencies = Matrix.random(new Random(1), 1, 8);
    Tensor rotations = own(kernels.rotations(indexes(positions), vector(frequencies), 1.25));
    assertThat(rotations.size(1)).isEqualTo(16);
    Matrix.of(rotations)
        .assertBlock(
            0,
            6,
            0,
            16,
            1e-6,
            (i, j) -> {
              float angle = positions[i] * frequencies.at(0, j % 8);
              return 1.25 * (j < 8 ? Math.cos(angle) : Math.sin(angle));
            });
  }

  private static double rotated(Matrix head, int row, int column, Matrix rotations, int token) {
    int half = head.columns / 2;
    double cos = rotations.at(token, column % half);
    double sin = rotations.at(token, half + column % half);
    return column < half
        ? head.at(row, column) * cos - head.at(row, column + half) * sin
        : head.at(row, column) * cos + head.at(row, column - half) * sin;
  }

  @ParameterizedTest
  @CsvSource({"6, 2, false", "6, 2, true", "4, 4, true", "4, 1, false"})
  void enterPoolSplitsNormsRotatesAndWritesKeysAndValues(int heads, int kvHeads, boolean norms) {
    int d = 8;
    int n = 5;
    int first = 3;
    int width = (heads + 2 * kvHeads) * d;
    Matrix qkv = Matrix.poison(7, width).with(0, 0, random(n, width));
    Matrix rotations = random(10, d);
    Matrix queryNorm = random(1, d);
    Matrix keyNorm = random(1, d);
    long[] slots = {-1, -1, -1, 17, 2, 9, 0, 5, -1, -1};
    Tensor keys = tensor(Matrix.poison(20, kvHeads * d), 20, kvHeads, d);
    Tensor values = tensor(Matrix.poison(20, kvHeads * d), 20, kvHeads, d);
    Tensor queries =
        own(
            kernels.enterPool(
                tensor(qkv),
                n,
                first,
                heads,
                tensor(rotations),
                norms ? vector(queryNorm) : device.none(),
                norms ? vector(keyNorm) : device.none(),
                1e-5,
                indexes(slots),
                keys,
                values));
    Matrix expectedQueries = Matrix.poison(n, heads * d);
    Matrix expectedKeys = Matrix.poison(20, kvHeads * d);
    Matrix expectedValues = Matrix.poison(20, kvHeads * d);
    for (int i = 0; i < n; i++) {
      Matrix q = head(qkv, i, 0, heads, d, norms ? queryNorm : null);
      Matrix k = head(qkv, i, heads, kvHeads, d, norms ? keyNorm : null);
      int token = first + i;
      expectedQueries.with(i, 0, turned(q, rotations, token));
      expectedKeys.with((int) slots[token], 0, turned(k, rotations, token));
      Matrix v = head(qkv, i, heads + kvHeads, kvHeads, d, null);
      expectedValues.with((int) slots[token], 0, v.reshaped(1, kvHeads * d));
    }
    Matrix.of(keys).assertSame(expectedKeys, 1e-5);
    Matrix.of(values).assertSame(expectedValues, 0);
    Matrix.of(queries).assertSame(expectedQueries, 1e-5);
  }

  /** Some heads of a row, [heads, d], normed where there is a norm. */
  private static Matrix head(Matrix qkv, int row, int first, int heads, int d, Matrix norm) {
    Matrix head = Matrix.of(heads, d, (i, j) -> qkv.at(row, (first + i) * d + j));
    return norm == null ? head : head.map((i, j) -> normed(head, i, j, norm, 1e-5));
  }

  private static Matrix turned(Matrix heads, Matrix rotations, int token) {
    return heads
        .map((i, j) -> rotated(heads, i, j, rotations, token))
        .reshaped(1, heads.rows * heads.columns);
  }
}
