package dev.strata.udfs.store;

import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/** Looks at every element of a tensor for what no model has that is whole. */
final class WeightScan {

  /** Trained matrices have no such run of zeros; a hole in a file is larger. */
  private static final long LONG_RUN_BYTES = 64 << 10;

  /** The exponent of what is not finite, where everything is. */
  private static final int NEVER = 1 << Byte.SIZE;

  private final Weight weight;
  private final boolean hasTokens;
  private long notFinite;
  private long zeros;
  private long longestZeros;

  /**
   * @param hasTokens whether its rows are tokens
   */
  WeightScan(Weight weight, boolean hasTokens) {
    this.weight = weight;
    this.hasTokens = hasTokens;
  }

  /** Looks at the next elements: whole ones, little endian, from position to limit. */
  void add(ByteBuffer elements) {
    switch (weight.type()) {
      case F32 -> {
        for (int i = elements.position(); i < elements.limit(); i += Float.BYTES) {
          add(elements.getInt(i), 0x7f80_0000);
        }
      }
      case BF16 -> addShorts(elements, 0x7f80);
      case F16 -> addShorts(elements, 0x7c00);
      case F8_E4M3 -> addBytes(elements, 0x7f, 0x7f); // but one NaN of each sign
      case F8_E8M0, F4_E2M1 -> addBytes(elements, 0xff, NEVER);
    }
  }

  private void addBytes(ByteBuffer elements, int magnitude, int exponent) {
    for (int i = elements.position(); i < elements.limit(); i++) {
      add(elements.get(i) & magnitude, exponent);
    }
  }

  private void addShorts(ByteBuffer elements, int exponent) {
    for (int i = elements.position(); i < elements.limit(); i += Short.BYTES) {
      add(elements.getShort(i), exponent);
    }
  }

  private void add(int bits, int exponent) {
    if (bits == 0) {
      zeros++;
      return;
    }
    longestZeros = Math.max(longestZeros, zeros);
    zeros = 0;
    if ((bits & exponent) == exponent) {
      notFinite++;
    }
  }

  /** What makes the model unusable. */
  List<String> problems() {
    return notFinite == 0
        ? List.of()
        : List.of(
            String.format(
                "%s in %s has %d numbers that are not finite", name(), weight.file(), notFinite));
  }

  /** What may be so on purpose: unused tokens have rows of zeros in embeddings and heads. */
  List<String> warnings() {
    List<String> warnings = new ArrayList<>();
    long bytes = weight.type().bytes(Math.max(longestZeros, zeros));
    if (bytes >= LONG_RUN_BYTES && !hasTokens) {
      warnings.add(
          String.format(
              "%s in %s has %d bytes of zeros in one piece, as files have that were not written"
                  + " whole",
              name(), weight.file(), bytes));
    }
    return warnings;
  }

  private String name() {
    return "tensor " + weight.spec().name();
  }
}
