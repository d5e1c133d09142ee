package dev.strata.udfs.tensor;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;

/**
 * A device for tests of kernels; tensors are closed behind each test, and a leak fails the class.
 */
abstract class KernelFixture {

  static ComputeDevice device;
  static Kernels kernels;

  final Random random = new Random(42);
  private final Deque<Tensor> opened = new ArrayDeque<>();

  @BeforeAll
  static void open() {
    device = ComputeDevice.open("cpu", "float32", 1);
    kernels = device.kernels();
  }

  @AfterAll
  static void close() {
    device.close();
  }

  @AfterEach
  void closeTensors() {
    opened.forEach(Tensor::close);
  }

  /** A tensor that is closed when the test ends. */
  final Tensor own(Tensor tensor) {
    opened.add(tensor);
    return tensor;
  }

  final Tensor tensor(Matrix matrix, long... shape) {
    return own(matrix.on(device, shape));
  }

  final Tensor vector(Matrix row) {
    return tensor(row, row.values.length);
  }

  final Tensor indexes(long... values) {
    return own(device.indexes(values));
  }

  final Matrix random(int rows, int columns) {
    return Matrix.random(random, rows, columns);
  }
}
