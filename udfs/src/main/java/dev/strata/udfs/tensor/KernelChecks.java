package dev.strata.udfs.tensor;

import com.google.errorprone.annotations.FormatMethod;
import java.util.Arrays;

/** What all kernels ask of their arguments: a wrong shape in native code may end the JVM. */
final class KernelChecks {

  private KernelChecks() {}

  @FormatMethod
  static void require(boolean holds, String format, Object... values) {
    if (!holds) {
      throw new IllegalArgumentException("kernel called with " + String.format(format, values));
    }
  }

  static void checkBlock(Tensor x, long first, long n, long column, long columns) {
    require(
        first >= 0 && n > 0 && first + n <= x.size(0), "rows %s to %s of %s", first, first + n, x);
    require(
        column >= 0 && columns > 0 && column + columns <= x.size(1),
        "columns %s to %s of %s",
        column,
        column + columns,
        x);
  }

  static void checkRun(Tensor x, long begin, long n) {
    checkRun(x, x.size(0), begin, n);
  }

  static void checkRun(Tensor x, long size, long begin, long n) {
    require(begin >= 0 && n > 0 && begin + n <= size, "%s + %s of %s", begin, n, x);
  }

  static void checkSameElements(Tensor x, Tensor y) {
    require(Arrays.equals(x.shapeWithFirst(0), y.shapeWithFirst(0)), "elements of %s and %s", x, y);
  }

  static void checkNorm(Tensor weight, Tensor x) {
    long n = weight.elements();
    require(n == 0 || n == x.size(1), "norm %s of %s", weight, x);
  }
}
