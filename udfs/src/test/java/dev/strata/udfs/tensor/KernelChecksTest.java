package dev.strata.udfs.tensor;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;

/** Shapes that do not fit are refused in Java: native code may end the JVM. */
class KernelChecksTest extends KernelFixture {

  private Tensor floats(long... shape) {
    return own(device.allocateHost("test", NumberType.FLOAT32, shape));
  }

  private Tensor none() {
    return device.none();
  }

  private static void assertRefused(ThrowingCallable call) {
    assertThatThrownBy(call)
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("kernel called with ");
  }

  @Test
  void weightsMustFitSlotAndScratch() {
    Tensor slot = own(device.allocateHost("slot", NumberType.BFLOAT16, 20));
    NumberType stored = NumberType.BFLOAT16;
    assertRefused(() -> kernels.weights(slot, stored, 3, 7, floats(100)));
    assertRefused(() -> kernels.weights(slot, stored, 4, 5, floats(19)));
    assertRefused(() -> kernels.weights(slot, NumberType.FLOAT16, 4, 5, floats(100)));
    assertRefused(() -> kernels.weights(slot, NumberType.FLOAT32, 2, 2, floats(100)));
  }

  /** The calls that all four product kernels share. */
  private interface ProductCall {
    void run(Tensor x, long n, Tensor w, Tensor bias, long firstRow, Tensor out);
  }

  private void assertProductIsChecked(ProductCall call) {
    Tensor x = floats(6, 8);
    Tensor w = floats(3, 8);
    Tensor out = floats(6, 10);
    assertRefused(() -> call.run(x, 7, w, none(), 0, out));
    assertRefused(() -> call.run(x, 0, w, none(), 0, out));
    assertRefused(() -> call.run(x, 6, floats(3, 9), none(), 0, out));
    assertRefused(() -> call.run(x, 6, w, floats(5), 3, out));
    assertRefused(() -> call.run(x, 6, w, none(), 0, floats(5, 10)));
    assertRefused(() -> call.run(x, 6, w, none(), 8, out));
    assertRefused(() -> call.run(x, 6, w, none(), -1, out));
    Tensor narrow = own(device.allocateHost("test", NumberType.BFLOAT16, 3, 8));
    assertRefused(() -> call.run(x, 6, narrow, none(), 0, out));
  }

  @Test
  void productsMustFit() {
    assertProductIsChecked(
        (x, n, w, bias, firstRow, out) ->
            kernels.storeProduct(x, n, w, bias, firstRow, out, firstRow));
    assertProductIsChecked(kernels::storeSiluProduct);
    assertProductIsChecked(kernels::multiplyProduct);
    assertProductIsChecked(
        (x, n, w, bias, firstRow, out) -> kernels.addProduct(x, n, w, bias, firstRow, out, 0));
    assertRefused(
        () -> kernels.addProduct(floats(6, 8), 6, floats(3, 8), none(), 0, floats(6, 10), 1));
    assertRefused(
        () -> kernels.storeProduct(floats(6, 8), 6, floats(3, 8), none(), 0, floats(6, 10), 8));
  }

  @Test
  void normsMustFit() {
    Tensor x = floats(6, 8);
    assertRefused(() -> kernels.normRows(x, 4, 3, floats(8), 1e-5, floats(6, 8)));
    assertRefused(() -> kernels.normRows(x, -1, 3, floats(8), 1e-5, floats(6, 8)));
    assertRefused(() -> kernels.normRows(x, 0, 3, floats(9), 1e-5, floats(6, 9)));
    assertRefused(() -> kernels.normRows(x, 0, 3, floats(8), 1e-5, floats(2, 8)));
    assertRefused(() -> kernels.normRows(x, 0, 3, floats(8), 1e-5, floats(6, 7)));
    assertRefused(() -> kernels.normPicked(x, indexes(0, 1), floats(7), 1e-5));
  }

  @Test
  void embeddingsMustFit() {
    Tensor staged = own(device.allocateHost("test", NumberType.UINT8, 95));
    Tensor index = indexes(0, 1, 2);
    assertRefused(() -> kernels.embed(staged, NumberType.FLOAT32, 3, index, floats(6, 8), 0));
    assertRefused(() -> kernels.embed(staged, NumberType.FLOAT32, 2, index, floats(6, 8), 4));
    assertRefused(() -> kernels.embed(staged, NumberType.FLOAT32, 2, index, floats(2, 8), 0));
  }

  private void enterPool(Tensor qkv, long n, long first, Tensor rotations, Tensor slots) {
    Tensor keys = floats(20, 2, 8);
    Tensor values = floats(20, 2, 8);
    kernels.enterPool(qkv, n, first, 4, rotations, none(), none(), 1e-5, slots, keys, values);
  }

  @Test
  void thePoolsTokensMustFit() {
    Tensor qkv = floats(6, 64);
    assertRefused(() -> enterPool(qkv, 7, 0, floats(7, 8), indexes(new long[7])));
    assertRefused(() -> enterPool(floats(6, 63), 6, 0, floats(6, 8), indexes(new long[6])));
    assertRefused(() -> enterPool(qkv, 6, 1, floats(6, 8), indexes(new long[7])));
    assertRefused(() -> enterPool(qkv, 6, 0, floats(6, 7), indexes(new long[6])));
    assertRefused(() -> enterPool(qkv, 6, 1, floats(7, 8), indexes(new long[6])));
  }

  private void attend(Segments segments, Tensor out) {
    Tensor pool = floats(20, 2, 8);
    kernels.attend(floats(6, 4, 8), pool, pool, segments, 0, 1, out);
  }

  private static Segments segment(long row, long count, long extent, long length) {
    Segments segments = new Segments(2);
    segments.set(0, 0, 1, 0, 1);
    segments.set(1, row, count, extent, length);
    return segments;
  }

  @Test
  void segmentsMustLieInQueriesAndPool() {
    Tensor out = floats(6, 32);
    for (Segments segments :
        new Segments[] {
          segment(1, 6, 0, 6),
          segment(-1, 2, 0, 6),
          segment(1, 0, 0, 6),
          segment(1, 5, 16, 5),
          segment(1, 5, -1, 5),
          segment(1, 5, 3, 4)
        }) {
      assertThatThrownBy(() -> attend(segments, out))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageStartingWith("segment 1: ");
    }
    assertRefused(() -> attend(segment(1, 5, 0, 5), floats(5, 32)));
    assertRefused(() -> attend(segment(1, 5, 0, 5), floats(6, 31)));
  }

  private void head(Tensor w, long n, long firstToken, long bestRows, long logitRows) {
    Tensor tokens = own(kernels.reshape("test", indexes(new long[12]), NumberType.INT64, 6, 2));
    kernels.head(
        floats(6, 8), 0, n, w, firstToken, floats(bestRows, 2), tokens, floats(3, 20), logitRows);
  }

  @Test
  void headsMustFit() {
    assertRefused(() -> head(floats(5, 8), 7, 0, 6, 0));
    assertRefused(() -> head(floats(5, 9), 6, 0, 6, 0));
    assertRefused(() -> head(floats(5, 8), 6, 0, 5, 0));
    assertRefused(() -> head(floats(5, 8), 6, 16, 6, 3));
    assertRefused(() -> head(floats(5, 8), 6, 0, 6, 4));
  }

  /** A matrix that is wider than the tile passes the check and fails in native code. */
  @Test
  void aTileThatIsNarrowerThanItsInputIsRefused() {
    Tensor x = floats(6, 8);
    assertRefused(() -> kernels.storeProduct(x, 6, floats(3, 7), none(), 0, floats(6, 10), 0));
    assertRefused(() -> kernels.normRows(x, 0, 3, floats(7), 1e-5, floats(6, 7)));
    assertRefused(() -> kernels.normRows(x, 0, 3, floats(1), 1e-5, floats(6, 8)));
    assertRefused(() -> head(floats(5, 7), 6, 0, 6, 0));
  }

  @Test
  void keysValuesAndNormsMustFitTheQueries() {
    Tensor qkv = floats(6, 64);
    Tensor slots = indexes(new long[6]);
    assertRefused(
        () ->
            kernels.enterPool(
                qkv,
                6,
                0,
                4,
                floats(6, 8),
                floats(7),
                floats(8),
                1e-5,
                slots,
                floats(20, 2, 8),
                floats(20, 2, 8)));
    assertRefused(
        () ->
            kernels.enterPool(
                qkv,
                6,
                0,
                4,
                floats(6, 8),
                none(),
                none(),
                1e-5,
                slots,
                floats(20, 2, 8),
                floats(20, 2, 7)));
    Segments one = new Segments(1);
    one.set(0, 0, 1, 0, 1);
    for (Tensor[] pool :
        new Tensor[][] {
          {floats(20, 3, 8), floats(20, 3, 8)},
          {floats(20, 2, 7), floats(20, 2, 7)},
          {floats(20, 2, 8), floats(10, 2, 8)}
        }) {
      assertRefused(
          () -> kernels.attend(floats(6, 4, 8), pool[0], pool[1], one, 0, 1, floats(6, 32)));
    }
  }

  @Test
  void aShapeOfMoreElementsIsRefused() {
    assertRefused(() -> kernels.reshape("test", floats(6), NumberType.FLOAT32, 2, 4));
  }
}
