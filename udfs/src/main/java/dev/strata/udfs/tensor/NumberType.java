package dev.strata.udfs.tensor;

/** Element types of tensors; the code is PyTorch's {@code ScalarType}. */
public enum NumberType {
  UINT8(0, 1),
  INT32(3, 4),
  INT64(4, 8),
  FLOAT16(5, 2),
  FLOAT32(6, 4),
  BFLOAT16(15, 2),
  FLOAT8_E4M3(24, 1);

  private final int code;
  private final int bytes;

  NumberType(int code, int bytes) {
    this.code = code;
    this.bytes = bytes;
  }

  int code() {
    return code;
  }

  /** Of whole numbers as wide as two of these elements. */
  NumberType pair() {
    return bytes == Float.BYTES ? INT64 : INT32;
  }

  /** Bytes of one element. */
  public int bytes() {
    return bytes;
  }
}
