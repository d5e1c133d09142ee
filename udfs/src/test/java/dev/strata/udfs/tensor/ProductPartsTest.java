package dev.strata.udfs.tensor;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Random;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Which threads of a CPU a product runs on, and that its parts come in a lane's turn. */
class ProductPartsTest {

  /** Notes which thread makes each call for a product. */
  private static final class Watch implements NativeCalls {
    final List<Thread> threads = new CopyOnWriteArrayList<>();

    @Override
    public void run(ScriptCall call) {
      if (call.method().equals("store_product")) {
        threads.add(Thread.currentThread());
      }
      NativeCalls.super.run(call);
    }
  }

  /** To wake another thread takes longer than a small product: the demo model's are, at one row. */
  @ParameterizedTest
  @CsvSource({"1, 768, 256, 1", "4, 768, 256, 1", "64, 768, 256, 2", "1, 1024, 512, 2"})
  void aSmallProductIsTheCallingThreadsAlone(int n, int rows, int columns, int parts) {
    Watch watch = new Watch();
    Random random = new Random(42);
    try (ComputeDevice device = ComputeDevice.open("cpu", "float32", 2, watch);
        Tensor x = Matrix.random(random, n, columns).on(device);
        Tensor plain = Matrix.random(random, rows, columns).on(device);
        Tensor w = device.kernels().reshape("test", plain, NumberType.BFLOAT16, rows, columns);
        Tensor out = device.allocateHost("test", NumberType.FLOAT32, n, rows)) {
      device.kernels().products().storeProduct(x, n, w, device.none(), 0, out, 0);
      assertThat(watch.threads).hasSize(parts).doesNotHaveDuplicates();
      assertThat(watch.threads).contains(Thread.currentThread());
    }
  }

  /** What a lane does before a product is done before each of the product's parts. */
  @Test
  void partsWaitForTheirLane() {
    Random random = new Random(42);
    Matrix x = Matrix.random(random, 3, 512);
    Matrix w = Matrix.random(random, 1024, 512).map((i, j) -> (i + j) % 5 - 2);
    try (ComputeDevice device = ComputeDevice.open("staged", "float32", 2);
        Lane lane = device.newLane("test");
        Tensor hostX = x.on(device);
        Tensor hostW = w.on(device);
        Tensor input = device.kernels().reshape("test", hostX, NumberType.FLOAT32, 3, 512);
        Tensor stored = device.kernels().reshape("test", hostW, NumberType.BFLOAT16, 1024, 512);
        Tensor weights = device.allocate("test", NumberType.BFLOAT16, 1024, 512);
        Tensor out = device.allocate("test", NumberType.FLOAT32, 3, 1024)) {
      lane.bind();
      device.kernels().copy(stored, 0, 1024, weights, 0);
      device.kernels().products().storeProduct(input, 3, weights, device.none(), 0, out, 0);
      device.kernels().copy(out, 0, 1, out, 2);
      float[] values = device.kernels().toFloats(out);
      Matrix.of(3, 1024, (i, j) -> values[i * 1024 + j])
          .assertSame(Matrix.of(3, 1024, (i, j) -> x.dot(i % 2, w, j)), 1e-3);
    }
  }
}
