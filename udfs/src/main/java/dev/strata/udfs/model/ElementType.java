package dev.strata.udfs.model;

/** How a checkpoint stores one number; the names are those of safetensors headers. */
public enum ElementType {
  F32(4, true),
  F16(2, true),
  BF16(2, true),
  /** Four bits of exponent, three of mantissa; no infinities. */
  F8_E4M3(1, false);

  private final int bytes;
  private final boolean alone;

  ElementType(int bytes, boolean alone) {
    this.bytes = bytes;
    this.alone = alone;
  }

  /** Bytes of one element. */
  public int bytes() {
    return bytes;
  }

  /** Whether elements are the model's numbers by themselves, without scales. */
  public boolean standsAlone() {
    return alone;
  }
}
