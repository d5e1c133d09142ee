package dev.strata.udfs.tools.benchmark;

import dev.strata.udfs.engine.LaneKind;
import dev.strata.udfs.engine.Span;
import java.util.Comparator;
import java.util.List;

/**
 * How long a lane worked within a sweep, in milliseconds. Work that overlaps counts once; what is
 * not work is waiting.
 */
record LaneTimes(LaneKind lane, double busy, double waiting) {

  /** Of a traced sweep that began at {@code start} and ended at {@code end}, in nanoseconds. */
  static LaneTimes of(LaneKind lane, List<Span> spans, long start, long end) {
    List<Span> own =
        spans.stream()
            .filter(span -> span.lane() == lane)
            .sorted(Comparator.comparingLong(Span::startNanos))
            .toList();
    long busy = 0;
    long seen = start;
    for (Span span : own) {
      long from = Math.max(seen, span.startNanos());
      long to = Math.min(end, span.endNanos());
      busy += Math.max(0, to - from);
      seen = Math.max(seen, to);
    }
    return new LaneTimes(lane, busy / 1e6, (end - start - busy) / 1e6);
  }
}
