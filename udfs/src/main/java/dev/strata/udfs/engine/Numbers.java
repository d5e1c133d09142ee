package dev.strata.udfs.engine;

import dev.strata.udfs.model.ElementType;
import dev.strata.udfs.tensor.NumberType;

/** What a checkpoint's element types are called by kernels. */
final class Numbers {

  private Numbers() {}

  static NumberType typeOf(ElementType stored) {
    return switch (stored) {
      case F32 -> NumberType.FLOAT32;
      case F16 -> NumberType.FLOAT16;
      case BF16 -> NumberType.BFLOAT16;
      case F8_E4M3 -> NumberType.FLOAT8_E4M3;
      case F8_E8M0, F4_E2M1 -> NumberType.UINT8;
    };
  }
}
