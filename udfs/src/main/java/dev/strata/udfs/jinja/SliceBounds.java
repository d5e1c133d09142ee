package dev.strata.udfs.jinja;

import java.util.stream.IntStream;

/** The evaluated bounds of a slice; null where one is left out. */
record SliceBounds(Object start, Object stop, Object step) {

  /**
   * Bounds that fit a sequence: positions from {@code start} by {@code step}, {@code stop}
   * excluded.
   */
  record Indices(long start, long stop, long step) {

    IntStream positions() {
      return IntStream.range(0, count()).map(i -> (int) (start + i * step));
    }

    int count() {
      long distance = step > 0 ? stop - start : start - stop;
      return (int) Math.max(0, (distance + Math.abs(step) - 1) / Math.abs(step));
    }
  }

  Indices indices(int size) {
    long by = step == null ? 1 : index(step);
    if (by == 0) {
      throw new TemplateException("slice step cannot be zero");
    }
    // Steps beyond the size mean the same, and cannot overflow.
    by = Math.max(-(long) size - 1, Math.min(by, (long) size + 1));
    long from = clamp(start, by > 0 ? 0 : size - 1, size, by);
    long to = clamp(stop, by > 0 ? size : -1, size, by);
    return new Indices(from, to, by);
  }

  private static long clamp(Object bound, long whenAbsent, int size, long step) {
    if (bound == null) {
      return whenAbsent;
    }
    long index = index(bound);
    long fromStart = index < 0 ? index + size : index;
    return step > 0
        ? Math.max(0, Math.min(fromStart, size))
        : Math.max(-1, Math.min(fromStart, size - 1));
  }

  private static long index(Object value) {
    if (!Numbers.isInteger(value)) {
      throw new TemplateException(
          "slice indices must be integers or None or have an __index__ method");
    }
    return Numbers.saturated(value);
  }
}
