package dev.strata.udfs.tensor;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.Random;

/** A matrix on the heap: what goes into kernels and what has to come out, in plain loops. */
final class Matrix {

  /** The element that is expected at a place. */
  interface Element {
    double at(int row, int column);
  }

  final int rows;
  final int columns;
  final float[] values;

  private Matrix(int rows, int columns, float[] values) {
    this.rows = rows;
    this.columns = columns;
    this.values = values;
  }

  static Matrix random(Random random, int rows, int columns) {
    float[] values = new float[rows * columns];
    for (int i = 0; i < values.length; i++) {
      values[i] = (float) random.nextGaussian();
    }
    return new Matrix(rows, columns, values);
  }

  /** Nothing that a kernel may leave or read. */
  static Matrix poison(int rows, int columns) {
    float[] values = new float[rows * columns];
    Arrays.fill(values, Float.NaN);
    return new Matrix(rows, columns, values);
  }

  static Matrix of(int rows, int columns, Element element) {
    Matrix matrix = poison(rows, columns);
    for (int i = 0; i < rows * columns; i++) {
      matrix.values[i] = (float) element.at(i / columns, i % columns);
    }
    return matrix;
  }

  /** A float32 tensor's numbers, dimensions but the first taken for one. */
  static Matrix of(Tensor tensor) {
    int rows = (int) tensor.size(0);
    float[] values = new float[(int) tensor.elements()];
    tensor.buffer().asFloatBuffer().get(values);
    return new Matrix(rows, values.length / rows, values);
  }

  /** As many rows and columns, with other elements. */
  Matrix map(Element element) {
    return of(rows, columns, element);
  }

  Matrix reshaped(int newRows, int newColumns) {
    return new Matrix(newRows, newColumns, values);
  }

  float at(int row, int column) {
    return values[row * columns + column];
  }

  /** Copies a block in. */
  Matrix with(int firstRow, int firstColumn, Matrix block) {
    for (int i = 0; i < block.rows; i++) {
      System.arraycopy(
          block.values,
          i * block.columns,
          values,
          (firstRow + i) * columns + firstColumn,
          block.columns);
    }
    return this;
  }

  Matrix rows(int first, int end) {
    return new Matrix(
        end - first, columns, Arrays.copyOfRange(values, first * columns, end * columns));
  }

  /** The product of one of this matrix's rows with one of another's: {@code this · wᵀ}. */
  double dot(int row, Matrix w, int wRow) {
    double sum = 0;
    for (int k = 0; k < columns; k++) {
      sum += (double) at(row, k) * w.at(wRow, k);
    }
    return sum;
  }

  /** A copy on the device, float32, in this or another shape. */
  Tensor on(ComputeDevice device, long... shape) {
    long[] actual = shape.length == 0 ? new long[] {rows, columns} : shape;
    Tensor tensor = device.allocateHost("test", NumberType.FLOAT32, actual);
    tensor.buffer().asFloatBuffer().put(values);
    return tensor;
  }

  /** Checks that exactly one block was written, with these values; all else is poison still. */
  void assertBlock(int firstRow, int n, int firstColumn, int width, double tolerance, Element e) {
    Matrix expected = poison(rows, columns);
    if (n > 0) {
      expected.with(firstRow, firstColumn, of(n, width, e));
    }
    assertSame(expected, tolerance);
  }

  /** Checks for equal numbers, and poison where poison is expected. */
  void assertSame(Matrix expected, double tolerance) {
    assertThat(values).hasSameSizeAs(expected.values);
    for (int i = 0; i < values.length; i++) {
      boolean same =
          Float.isNaN(expected.values[i])
              ? Float.isNaN(values[i])
              : Math.abs(values[i] - expected.values[i]) <= tolerance;
      if (!same) {
        throw new AssertionError(
            String.format(
                "[%d, %d] is %s, expected %s within %s",
                i / columns, i % columns, values[i], expected.values[i], tolerance));
      }
    }
  }
}
