package dev.strata.udfs.tools;

import java.util.Locale;

/** Bytes as people read them. */
final class Sizes {

  private Sizes() {}

  /** Memory, as options give it: {@code 3.5 GiB}. */
  static String text(long bytes) {
    return String.format(Locale.ROOT, "%.1f GiB", bytes / (double) (1L << 30));
  }
}
