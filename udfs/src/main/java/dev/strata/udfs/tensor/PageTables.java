package dev.strata.udfs.tensor;

/**
 * What a GPU needs to find pinned memory: two mebibytes of its own for each gibibyte, huge pages or
 * not (measured). {@code nvidia-smi} counts them to the card and to no process.
 */
public final class PageTables {

  private static final String OWNER = "page tables";
  private static final long PINNED_BYTES_FOR_ONE = 512;

  private PageTables() {}

  /** Bytes of a GPU's memory that so much pinned memory takes. */
  public static long bytes(long pinnedBytes) {
    return (pinnedBytes + PINNED_BYTES_FOR_ONE - 1) / PINNED_BYTES_FOR_ONE;
  }

  /** The same as a part of a plan. */
  public static Footprint footprint(long pinnedBytes) {
    return Footprint.device(OWNER, bytes(pinnedBytes));
  }
}
