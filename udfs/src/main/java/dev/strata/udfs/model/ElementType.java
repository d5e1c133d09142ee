package dev.strata.udfs.model;

/** How a checkpoint stores one number; the names are those of safetensors headers. */
public enum ElementType {
  F32(32, true),
  F16(16, true),
  BF16(16, true),
  /** Four bits of exponent, three of mantissa; no infinities. */
  F8_E4M3(8, false),
  /** A power of two. */
  F8_E8M0(8, false),
  /** Two bits of exponent, one of mantissa; two in a byte, the first in its lower half. */
  F4_E2M1(4, false);

  private final int bits;
  private final boolean alone;

  ElementType(int bits, boolean alone) {
    this.bits = bits;
    this.alone = alone;
  }

  /** Bits of one element. */
  public int bits() {
    return bits;
  }

  /** Bytes of so many elements, which fill whole ones. */
  public long bytes(long elements) {
    return elements * bits / Byte.SIZE;
  }

  /** Whether elements are the model's numbers by themselves, without scales. */
  public boolean standsAlone() {
    return alone;
  }
}
