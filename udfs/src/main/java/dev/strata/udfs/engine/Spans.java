package dev.strata.udfs.engine;

import java.util.Comparator;
import java.util.List;

/** Times of work. */
public final class Spans {

  private Spans() {}

  /** How long some work went on between two times; what overlaps counts once. Nanoseconds. */
  public static long length(List<Span> spans, long start, long end) {
    long length = 0;
    long seen = start;
    for (Span span : spans.stream().sorted(Comparator.comparingLong(Span::startNanos)).toList()) {
      long from = Math.max(seen, span.startNanos());
      long to = Math.min(end, span.endNanos());
      length += Math.max(0, to - from);
      seen = Math.max(seen, to);
    }
    return length;
  }
}
