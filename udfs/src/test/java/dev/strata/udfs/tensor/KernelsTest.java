package dev.strata.udfs.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
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

    /** The bits in a tensor, from a byte on; all else is poison. */
    Tensor in(Tensor place, int begin) {
      ByteBuffer target = place.buffer();
      while (target.hasRemaining()) {
        target.put((byte) 0xff);
      }
      place.buffer().put(begin, bytes);
      return place;
    }
  }

  private static Stream<Arguments> placesAndStoredTypes() {
    return Stream.of(NumberType.FLOAT32, NumberType.FLOAT16, NumberType.BFLOAT16)
        .flatMap(
            stored ->
                Stream.of(stored, NumberType.UINT8)
                    .flatMap(
                        place ->
                            IntStream.of(0, 4, 100)
                                .mapToObj(begin -> Arguments.of(place, stored, begin))));
  }

  @ParameterizedTest
  @MethodSource("placesAndStoredTypes")
  void weightsAreTheElementsFromAnOffsetOn(NumberType placed, NumberType type, int begin) {
    Stored stored = Stored.random(random, type, 5 * 7);
    Tensor place = own(device.allocateHost("place", placed, 64L * 4 / placed.bytes()));
    Tensor scratch = tensor(Matrix.poison(1, 50), 50);
    Tensor weights =
        own(kernels.weights().converted(stored.in(place, begin), begin, type, 5, 7, scratch));
    assertThat(weights.size(0)).isEqualTo(5);
    assertThat(weights.size(1)).isEqualTo(7);
    assertThat(kernels.toFloats(weights)).containsExactly(stored.values);
    int converted = type == NumberType.FLOAT32 ? 0 : 35;
    Matrix.of(scratch).assertBlock(0, converted, 0, 1, 0, (i, j) -> stored.values[i]);
  }

  /** Where nothing is converted, weights are the place's own memory. */
  @Test
  void weightsOfTheComputeTypeAreNotCopied() {
    Tensor place = tensor(Matrix.poison(1, 20), 20);
    Tensor weights =
        own(kernels.weights().converted(place, 16, NumberType.FLOAT32, 2, 3, own(floats(0))));
    place.buffer().asFloatBuffer().put(4, new float[] {1, 2, 3, 4, 5, 6});
    assertThat(kernels.toFloats(weights)).containsExactly(1, 2, 3, 4, 5, 6);
  }

  private Tensor floats(long elements) {
    return device.allocateHost("test", NumberType.FLOAT32, elements);
  }

  @Test
  void float32WeightsAreRoundedWhereTheComputeTypeIsNarrower() {
    Stored stored = Stored.random(random, NumberType.FLOAT32, 6);
    Tensor place = stored.in(own(floats(10)), 8);
    Tensor scratch = own(device.allocateHost("scratch", NumberType.BFLOAT16, 8));
    Tensor weights = own(kernels.weights().converted(place, 8, NumberType.FLOAT32, 3, 2, scratch));
    assertThat(weights.type()).isEqualTo(NumberType.BFLOAT16);
    Tensor wide = own(kernels.reshape("test", weights, NumberType.FLOAT32, 6));
    float[] rounded = kernels.toFloats(wide);
    for (int i = 0; i < 6; i++) {
      assertThat(rounded[i]).isCloseTo(stored.values[i], within(Math.abs(stored.values[i]) / 256));
      assertThat(Float.floatToRawIntBits(rounded[i]) & 0xffff).isZero();
    }
  }

  /**
   * Rows from within a block to within another; several, one or no whole rows of blocks between.
   */
  @ParameterizedTest
  @CsvSource({"0, 4, 3", "2, 1, 3", "2, 11, 3", "1, 2, 3", "0, 6, 1", "0, 9, 9", "2, 7, 4"})
  void codesAreMultipliedByTheScalesOfTheirBlocks(int skipped, int rows, int blockRows) {
    for (int blockColumns : new int[] {2, 5, 7}) {
      for (NumberType type : List.of(NumberType.FLOAT32, NumberType.BFLOAT16)) {
        int columns = 7;
        int begin = 3;
        int scaleRows = (skipped + rows + blockRows - 1) / blockRows;
        int scaleColumns = (columns + blockColumns - 1) / blockColumns;
        Stored scales = Stored.random(random, type, scaleRows * scaleColumns);
        int scalesBegin = begin + rows * columns + 1;
        Tensor place = own(device.allocateHost("place", NumberType.UINT8, 512));
        ByteBuffer bytes = scales.in(place, scalesBegin).buffer();
        for (int i = 0; i < rows * columns; i++) {
          bytes.put(begin + i, (byte) (i * 37 % 0x7f | (i & 1) << 7));
        }
        Tensor scratch = tensor(Matrix.poison(1, 100), 100);
        WeightKernels.Scales blocks =
            new WeightKernels.Scales(
                scalesBegin, type, scaleRows, scaleColumns, blockRows, blockColumns, skipped);
        int to = skipped % 2;
        kernels
            .weights()
            .scaled(place, begin, NumberType.FLOAT8_E4M3, blocks, rows, columns, scratch, to);
        float[] all = kernels.toFloats(scratch);
        float[] values = Arrays.copyOfRange(all, to * columns, (to + rows) * columns);
        for (int i = 0; i < values.length; i++) {
          int block = (skipped + i / columns) / blockRows;
          float scale = scales.values[block * scaleColumns + i % columns / blockColumns];
          assertThat(values[i]).isEqualTo(float8(i * 37 % 0x7f, i & 1) * scale);
        }
      }
    }
  }

  @Test
  void twoElementsOfAByteTimesThePowerOfTheirGroup() {
    float[] fp4 = {0, 0.5f, 1, 1.5f, 2, 3, 4, 6};
    int rows = 5;
    int columns = 64;
    int begin = 3;
    int scales = begin + rows * columns / 2 + 1;
    Tensor place = own(device.allocateHost("place", NumberType.UINT8, 512));
    ByteBuffer bytes = place.buffer();
    for (int i = 0; i < rows * columns / 2; i++) {
      bytes.put(begin + i, (byte) (i * 11));
    }
    for (int i = 0; i < rows * columns / 32; i++) {
      bytes.put(scales + i, (byte) (123 + i));
    }
    Tensor scratch = tensor(Matrix.poison(1, 400), 400);
    kernels.weights().unpacked(place, begin, scales, rows, columns, scratch, 1);
    float[] all = kernels.toFloats(scratch);
    assertThat(all[columns - 1]).isNaN();
    float[] values = Arrays.copyOfRange(all, columns, (1 + rows) * columns);
    for (int i = 0; i < values.length; i++) {
      int code = ((byte) (i / 2 * 11) >> (4 * (i % 2))) & 0xf;
      float element = code < 8 ? fp4[code] : -fp4[code - 8];
      assertThat(values[i]).isEqualTo(Math.scalb(element, i / 32 - 4));
    }
  }

  /** As in "FP8 Formats for Deep Learning" (Micikevicius and others, 2022). */
  static float float8(int bits, int sign) {
    int exponent = bits >> 3;
    float fraction = (bits & 7) / 8f;
    float magnitude =
        exponent == 0 ? Math.scalb(fraction, -6) : Math.scalb(1 + fraction, exponent - 7);
    return sign == 1 ? -magnitude : magnitude;
  }

  // Copies

  @Test
  void aCopyWritesItsRunOfTheFirstDimension() {
    Matrix source = random(9, 12);
    Tensor target = tensor(Matrix.poison(11, 12), 11, 3, 4);
    kernels.copy(tensor(source, 9, 3, 4), 4, 5, target, 2);
    Matrix.of(target).assertBlock(2, 5, 0, 12, 0, (i, j) -> source.at(4 + i, j));
  }

  @Test
  void severalCopiesWriteTheirRuns() {
    Matrix source = random(9, 4);
    Tensor target = tensor(Matrix.poison(11, 4));
    kernels.copy(
        tensor(source), new long[] {0, 7, 3}, new long[] {2, 1, 3}, target, new long[] {9, 0, 4});
    Matrix expected =
        Matrix.poison(11, 4)
            .with(9, 0, source.rows(0, 2))
            .with(0, 0, source.rows(7, 8))
            .with(4, 0, source.rows(3, 6));
    Matrix.of(target).assertSame(expected, 0);
  }

  @Test
  void aFlatCopyDoesNotMindShapes() {
    Matrix source = random(4, 6);
    Tensor target = tensor(Matrix.poison(1, 30), 5, 3, 2);
    kernels.copyFlat(tensor(source), 5, 13, target, 9);
    Matrix.of(target).reshaped(1, 30).assertBlock(0, 1, 9, 13, 0, (i, j) -> source.values[5 + j]);
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
    kernels
        .products()
        .storeProduct(
            tensor(product.x),
            n,
            tensor(product.w),
            product.biasTensor(),
            product.firstRow,
            out,
            13);
    Matrix.of(out).assertBlock(0, n, 13, 9, TOLERANCE, product::at);
  }

  @ParameterizedTest
  @CsvSource({"1, true", "1, false", "7, true", "16, false", "33, true"})
  void storeSiluProductWritesItsColumns(int n, boolean biased) {
    Product product = new Product(n, biased);
    Tensor out = tensor(Matrix.poison(36, 30));
    kernels
        .products()
        .storeSiluProduct(
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
    kernels
        .products()
        .multiplyProduct(
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
    kernels
        .products()
        .addProduct(
            tensor(product.x),
            n,
            tensor(product.w),
            product.biasTensor(),
            product.firstRow,
            out,
            4);
    Matrix.of(out)
        .assertBlock(
            4, n, product.firstRow, 9, TOLERANCE, (i, j) -> terms.at(i, j) + product.at(i, j));
  }

  /** The residual stream of float16 computation is float32, and is not rounded on the way. */
  @ParameterizedTest
  @CsvSource({"3, true", "3, false", "20, true", "20, false"})
  void addProductAddsToAWiderStream(int n, boolean biased) {
    Product product = new Product(n, biased);
    Matrix terms = Matrix.of(n, 9, (i, j) -> 1000 + i + j / 1024.0);
    Tensor out = tensor(Matrix.poison(40, 30).with(4, product.firstRow, terms));
    kernels
        .products()
        .addProduct(
            halved(product.x),
            n,
            halved(product.w),
            biased ? halved(product.bias) : device.none(),
            product.firstRow,
            out,
            4);
    Matrix.of(out)
        .assertBlock(4, n, product.firstRow, 9, 0.05, (i, j) -> terms.at(i, j) + product.at(i, j));
  }

  private Tensor halved(Matrix matrix) {
    long[] shape =
        matrix.rows == 1 ? new long[] {matrix.columns} : new long[] {matrix.rows, matrix.columns};
    return own(kernels.reshape("test", tensor(matrix), NumberType.FLOAT16, shape));
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
  void normPickedTakesRowsInTheOrderOfTheIndexes() {
    Matrix x = random(12, 20);
    Matrix weight = random(1, 20);
    long[] source = {11, 0, 5, 5};
    int[] target = {2, 6, 0, 3};
    Tensor out = tensor(Matrix.poison(8, 20));
    kernels.normPicked(tensor(x), indexes(source), vector(weight), 1e-5, out, indexes(2, 6, 0, 3));
    Matrix expected = Matrix.poison(8, 20);
    for (int i = 0; i < 4; i++) {
      int row = (int) source[i];
      expected.with(target[i], 0, Matrix.of(1, 20, (r, j) -> normed(x, row, j, weight, 1e-5)));
    }
    Matrix.of(out).assertSame(expected, 1e-5);
  }

  @Test
  void normsOfAWiderStreamAreOfTheComputeType() {
    Matrix x = random(6, 20);
    Tensor weight = halved(Matrix.of(1, 20, (i, j) -> 1));
    Tensor out = own(device.allocateHost("test", NumberType.FLOAT16, 4, 20));
    kernels.normRows(tensor(x), 2, 3, weight, 1e-5, out);
    Matrix ones = Matrix.of(1, 20, (i, j) -> 1);
    Tensor wide = own(kernels.reshape("test", out, NumberType.FLOAT32, 4, 20));
    Matrix.of(wide)
        .rows(0, 3)
        .assertBlock(0, 3, 0, 20, 2e-3, (i, j) -> normed(x, 2 + i, j, ones, 1e-5));
  }

  // Embedding and positions

  @ParameterizedTest
  @EnumSource(
      value = NumberType.class,
      names = {"FLOAT32", "FLOAT16", "BFLOAT16"})
  void embedCopiesTheRowsThatTheIndexPicks(NumberType type) {
    Stored stored = Stored.random(random, type, 3 * 10);
    Tensor staged = stored.in(own(device.allocateHost("staged", type, 5, 10)), 0);
    long[] index = {2, 0, 0, 1, 2};
    Tensor x = tensor(Matrix.poison(9, 10));
    kernels.embed(staged, 3, indexes(index), 1, x, 3, 0);
    Matrix.of(x).assertBlock(3, 5, 0, 10, 0, (i, j) -> stored.values[(int) index[i] * 10 + j]);
  }

  /** Cosines and sines of position times frequency, as the kernel has them: in float32. */
  private static Matrix rotations(long[] positions, Matrix frequencies, double factor) {
    int half = frequencies.columns;
    return Matrix.of(
        positions.length,
        2 * half,
        (i, j) -> {
          float angle = positions[i] * frequencies.at(0, j % half);
          return factor * (j < half ? Math.cos(angle) : Math.sin(angle));
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
  void enterSplitsNormsRotatesAndWritesKeysAndValues(int heads, int kvHeads, boolean norms) {
    int d = 8;
    int n = 5;
    int row = 2;
    int first = 3;
    double factor = 1.25;
    int width = (heads + 2 * kvHeads) * d;
    Matrix qkv = Matrix.poison(9, width).with(row, 0, random(n, width));
    Matrix frequencies = random(1, d / 2);
    long[] positions = {9, 9, 9, 0, 1, 1000, 8191, 131_071, 9, 9};
    Matrix queryNorm = random(1, d);
    Matrix keyNorm = random(1, d);
    long[] slots = {17, 2, 9, 0, 5};
    Tensor fresh = tensor(Matrix.poison(7, 2 * kvHeads * d), 7, 2, kvHeads, d);
    Tensor kv = tensor(Matrix.poison(20, 2 * kvHeads * d), 20, 2, kvHeads, d);
    Tensor entered = tensor(qkv);
    Tensor queries =
        own(
            kernels
                .attention()
                .enter(
                    entered,
                    row,
                    n,
                    heads,
                    kernels
                        .attention()
                        .rotation(indexes(positions), vector(frequencies), factor, false),
                    first,
                    norms ? vector(queryNorm) : device.none(),
                    norms ? vector(keyNorm) : device.none(),
                    1e-5,
                    AttentionKernels.KeptValues.PLAIN,
                    indexes(slots),
                    fresh,
                    kv));
    Matrix rotations = rotations(positions, frequencies, factor);
    Matrix expectedQueries = Matrix.poison(n, heads * d);
    Matrix expectedFresh = Matrix.poison(7, 2 * kvHeads * d);
    Matrix expectedKv = Matrix.poison(20, 2 * kvHeads * d);
    Matrix expectedEntered = Matrix.poison(9, width).with(row, 0, qkv.rows(row, row + n));
    for (int i = 0; i < n; i++) {
      Matrix q = head(qkv, row + i, 0, heads, d, norms ? queryNorm : null);
      Matrix k = head(qkv, row + i, heads, kvHeads, d, norms ? keyNorm : null);
      Matrix v = head(qkv, row + i, heads + kvHeads, kvHeads, d, null);
      expectedQueries.with(i, 0, turned(q, rotations, first + i));
      expectedFresh
          .with(i, 0, turned(k, rotations, first + i))
          .with(i, kvHeads * d, v.reshaped(1, kvHeads * d));
      expectedKv.with((int) slots[i], 0, expectedFresh.rows(i, i + 1));
      expectedEntered
          .with(row + i, 0, expectedQueries.rows(i, i + 1))
          .with(row + i, heads * d, turned(k, rotations, first + i));
    }
    Matrix.of(queries).assertSame(expectedQueries, 1e-5);
    Matrix.of(fresh).assertSame(expectedFresh, 1e-5);
    Matrix.of(kv).assertSame(expectedKv, 1e-5);
    Matrix.of(entered).assertSame(expectedEntered, 1e-5);
  }

  /** More rows than one thread is given. */
  @Test
  void threadsShareRows() {
    int n = 70;
    int width = 8 * 8;
    Matrix x = random(n, width);
    Tensor weight = vector(random(1, width));
    Tensor together = tensor(Matrix.poison(n, width));
    kernels.normRows(tensor(x), 0, n, weight, 1e-5, together);
    for (int i = 0; i < n; i++) {
      Tensor alone = tensor(Matrix.poison(1, width));
      kernels.normRows(tensor(x), i, 1, weight, 1e-5, alone);
      Matrix.of(together).rows(i, i + 1).assertSame(Matrix.of(alone), 0);
    }
    assertEnteredAlike(x, 1, n - 1);
    assertEnteredAlike(x, 3, 10);
  }

  /** Whatever row is asked for, with 4 heads and 2 of keys and values. */
  private void assertEnteredAlike(Matrix qkv, int row, int n) {
    Tensor slots = indexes(LongStream.range(0, n).map(i -> n - 1 - i).toArray());
    Tensor positions = indexes(LongStream.range(0, n).toArray());
    Tensor frequencies = vector(Matrix.of(1, 4, (i, j) -> 1.0 / (j + 1)));
    AttentionKernels.Rotation rotation =
        kernels.attention().rotation(positions, frequencies, 1, false);
    Tensor fresh = tensor(Matrix.poison(n, 32), n, 2, 2, 8);
    Tensor kv = tensor(Matrix.poison(n, 32), n, 2, 2, 8);
    Tensor none = device.none();
    Tensor queries =
        own(
            kernels
                .attention()
                .enter(
                    tensor(qkv),
                    row,
                    n,
                    4,
                    rotation,
                    0,
                    none,
                    none,
                    1e-5,
                    AttentionKernels.KeptValues.PLAIN,
                    slots,
                    fresh,
                    kv));
    for (int i = 0; i < n; i++) {
      Tensor slot = indexes(0);
      Tensor freshOne = tensor(Matrix.poison(1, 32), 1, 2, 2, 8);
      Tensor kvOne = tensor(Matrix.poison(1, 32), 1, 2, 2, 8);
      Tensor one =
          own(
              kernels
                  .attention()
                  .enter(
                      tensor(qkv),
                      row + i,
                      1,
                      4,
                      rotation,
                      i,
                      none,
                      none,
                      1e-5,
                      AttentionKernels.KeptValues.PLAIN,
                      slot,
                      freshOne,
                      kvOne));
      Matrix.of(queries).rows(i, i + 1).assertSame(Matrix.of(one), 1e-6);
      Matrix.of(fresh).rows(i, i + 1).assertSame(Matrix.of(freshOne), 1e-6);
      Matrix.of(kv).rows(n - 1 - i, n - i).assertSame(Matrix.of(kvOne), 1e-6);
    }
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
