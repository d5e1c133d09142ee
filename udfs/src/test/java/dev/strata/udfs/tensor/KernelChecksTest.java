package dev.strata.udfs.tensor;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.function.Consumer;
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
  void weightsMustFitPlaceAndScratch() {
    Tensor place = own(device.allocateHost("place", NumberType.BFLOAT16, 20));
    NumberType stored = NumberType.BFLOAT16;
    assertRefused(() -> kernels.weights().converted(place, 0, stored, 3, 7, floats(100)));
    assertRefused(() -> kernels.weights().converted(place, 2, stored, 4, 5, floats(100)));
    assertRefused(() -> kernels.weights().converted(place, 1, stored, 2, 5, floats(100)));
    assertRefused(() -> kernels.weights().converted(place, -2, stored, 2, 5, floats(100)));
    assertRefused(() -> kernels.weights().converted(place, 0, stored, 4, 5, floats(19)));
    assertRefused(
        () -> kernels.weights().converted(place, 0, NumberType.FLOAT16, 4, 5, floats(100)));
    assertRefused(
        () -> kernels.weights().converted(place, 0, NumberType.FLOAT32, 2, 2, floats(100)));
  }

  @Test
  void copiesMustFit() {
    Tensor source = floats(6, 4);
    Tensor target = floats(5, 4);
    long[][] bad = {{5, 2, 0}, {-1, 2, 0}, {0, 3, 3}, {0, 2, -1}, {0, 0, 0}};
    for (long[] c : bad) {
      assertRefused(() -> kernels.copy(source, c[0], c[1], target, c[2]));
      assertRefused(
          () ->
              kernels.copy(
                  source,
                  new long[] {0, c[0]},
                  new long[] {1, c[1]},
                  target,
                  new long[] {0, c[2]}));
    }
    assertRefused(() -> kernels.copy(source, 0, 2, floats(5, 3), 0));
    assertRefused(() -> kernels.copyFlat(source, 20, 5, target, 0));
    assertRefused(() -> kernels.copyFlat(source, 0, 15, target, 6));
    assertRefused(() -> kernels.copyFlat(source, -1, 5, target, 0));
    assertRefused(() -> kernels.copyFlat(source, 0, 5, target, -1));
    assertRefused(() -> kernels.part(source, 3, 3));
    assertRefused(() -> kernels.part(source, 3, 7));
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
    Tensor bytes = own(device.allocateHost("test", NumberType.UINT8, 3, 8));
    assertRefused(() -> call.run(x, 6, bytes, none(), 0, out));
  }

  @Test
  void productsMustFit() {
    assertProductIsChecked(
        (x, n, w, bias, firstRow, out) ->
            kernels.products().storeProduct(x, n, w, bias, firstRow, out, firstRow));
    assertProductIsChecked(kernels.products()::storeSiluProduct);
    assertProductIsChecked(kernels.products()::multiplyProduct);
    assertProductIsChecked(
        (x, n, w, bias, firstRow, out) ->
            kernels.products().addProduct(x, n, w, bias, firstRow, out, 0));
    assertRefused(
        () ->
            kernels
                .products()
                .addProduct(floats(6, 8), 6, floats(3, 8), none(), 0, floats(6, 10), 1));
    assertRefused(
        () ->
            kernels
                .products()
                .storeProduct(floats(6, 8), 6, floats(3, 8), none(), 0, floats(6, 10), 8));
  }

  @Test
  void normsMustFit() {
    Tensor x = floats(6, 8);
    assertRefused(() -> kernels.normRows(x, 4, 3, floats(8), 1e-5, floats(6, 8)));
    assertRefused(() -> kernels.normRows(x, -1, 3, floats(8), 1e-5, floats(6, 8)));
    assertRefused(() -> kernels.normRows(x, 0, 3, floats(9), 1e-5, floats(6, 9)));
    assertRefused(() -> kernels.normRows(x, 0, 3, floats(8), 1e-5, floats(2, 8)));
    assertRefused(() -> kernels.normRows(x, 0, 3, floats(8), 1e-5, floats(6, 7)));
    Tensor index = indexes(0, 1);
    Tensor out = floats(4, 8);
    assertRefused(() -> kernels.normPicked(x, index, floats(7), 1e-5, out, index));
    assertRefused(() -> kernels.normPicked(x, index, floats(8), 1e-5, floats(4, 7), index));
    assertRefused(() -> kernels.normPicked(x, index, floats(8), 1e-5, out, indexes(0, 1, 2)));
  }

  @Test
  void embeddingsMustFit() {
    Tensor staged = floats(3, 8);
    Tensor index = indexes(0, 1, 2);
    assertRefused(() -> kernels.embed(staged, 4, index, 1, floats(6, 8), 0, 0));
    assertRefused(() -> kernels.embed(staged, 3, index, 1, floats(6, 7), 0, 0));
    assertRefused(() -> kernels.embed(staged, 2, index, 1, floats(6, 8), 4, 0));
    assertRefused(() -> kernels.embed(staged, 2, index, 1, floats(2, 8), 0, 0));
  }

  private final class Entering {
    Tensor qkv = floats(6, 64);
    long row;
    long n = 6;
    Tensor positions = indexes(new long[6]);
    Tensor frequencies = floats(4);
    long first;
    Tensor queryNorm = none();
    Tensor keyNorm = none();
    Tensor slots = indexes(new long[6]);
    Tensor fresh = floats(6, 2, 2, 8);
    Tensor kv = floats(20, 2, 2, 8);

    void enter() {
      AttentionKernels.Rotation rotation =
          kernels.attention().rotation(positions, frequencies, 1, false);
      kernels
          .attention()
          .enter(
              qkv,
              row,
              n,
              4,
              rotation,
              first,
              queryNorm,
              keyNorm,
              1e-5,
              AttentionKernels.KeptValues.PLAIN,
              slots,
              fresh,
              kv)
          .close();
    }
  }

  private void assertEnterRefused(Consumer<Entering> change) {
    Entering entering = new Entering();
    change.accept(entering);
    assertRefused(entering::enter);
  }

  @Test
  void whatEntersMustFit() {
    new Entering().enter();
    assertEnterRefused(e -> e.n = 7);
    assertEnterRefused(e -> e.n = 5);
    assertEnterRefused(e -> e.row = 1);
    assertEnterRefused(e -> e.row = -1);
    assertEnterRefused(e -> e.qkv = floats(6, 63));
    assertEnterRefused(e -> e.slots = indexes(new long[7]));
    assertEnterRefused(e -> e.frequencies = floats(5));
    assertEnterRefused(e -> e.positions = indexes(new long[5]));
    assertEnterRefused(e -> e.first = 1);
    assertEnterRefused(e -> e.first = -1);
    assertEnterRefused(e -> e.queryNorm = floats(7));
    assertEnterRefused(e -> e.keyNorm = floats(9));
    assertEnterRefused(e -> e.fresh = floats(5, 2, 2, 8));
    assertEnterRefused(e -> e.fresh = floats(6, 2, 1, 8));
    assertEnterRefused(e -> e.fresh = floats(6, 2, 2, 4));
    assertEnterRefused(e -> e.fresh = floats(6, 1, 2, 8));
    assertEnterRefused(e -> e.kv = floats(20, 1, 2, 8));
    assertEnterRefused(e -> e.kv = floats(20, 2, 2, 7));
    assertEnterRefused(e -> e.kv = floats(20, 2, 3, 8));
  }

  private void attend(Segments segments, Tensor out) {
    kernels
        .attention()
        .attend(
            floats(6, 4, 8),
            floats(20, 2, 2, 8),
            segments,
            new AttentionKernels.Scores(0, 1, 0, device.none()),
            out,
            0);
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
    kernels
        .logits()
        .head(
            floats(6, 8),
            0,
            n,
            w,
            firstToken,
            floats(bestRows, 2),
            tokens,
            floats(3, 20),
            logitRows,
            LogitKernels.LogitScaling.NONE,
            kernels.logits().noTargets());
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
    assertRefused(
        () -> kernels.products().storeProduct(x, 6, floats(3, 7), none(), 0, floats(6, 10), 0));
    assertRefused(() -> kernels.normRows(x, 0, 3, floats(7), 1e-5, floats(6, 7)));
    assertRefused(() -> kernels.normRows(x, 0, 3, floats(1), 1e-5, floats(6, 8)));
    assertRefused(() -> head(floats(5, 7), 6, 0, 6, 0));
  }

  @Test
  void keysAndValuesMustFitTheQueries() {
    Segments one = new Segments(1);
    one.set(0, 0, 1, 0, 1);
    Tensor queries = floats(6, 4, 8);
    for (Tensor kv : List.of(floats(20, 2, 3, 8), floats(20, 2, 2, 7), floats(20, 1, 2, 8))) {
      assertRefused(
          () ->
              kernels
                  .attention()
                  .attend(
                      queries,
                      kv,
                      one,
                      new AttentionKernels.Scores(0, 1, 0, device.none()),
                      floats(6, 32),
                      0));
    }
    Tensor kv = floats(20, 2, 2, 8);
    assertRefused(
        () ->
            kernels
                .attention()
                .attend(
                    queries,
                    kv,
                    one,
                    new AttentionKernels.Scores(0, 1, 0, device.none()),
                    floats(6, 32),
                    1));
    assertRefused(
        () ->
            kernels
                .attention()
                .attend(
                    queries,
                    kv,
                    one,
                    new AttentionKernels.Scores(0, 1, 0, device.none()),
                    floats(6, 32),
                    -1));
  }

  @Test
  void aShapeOfMoreElementsIsRefused() {
    assertRefused(() -> kernels.reshape("test", floats(6), NumberType.FLOAT32, 2, 4));
  }
}
