package dev.strata.udfs.tools.benchmark;

import dev.strata.udfs.engine.LaneKind;
import dev.strata.udfs.engine.Span;
import dev.strata.udfs.engine.Spans;
import java.util.List;

/**
 * How long a lane worked within a sweep, in milliseconds. Work that overlaps counts once; what is
 * not work is waiting.
 */
record LaneTimes(LaneKind lane, double busy, double waiting) {

  /** Of a traced sweep that began at {@code start} and ended at {@code end}, in nanoseconds. */
  static LaneTimes of(LaneKind lane, List<Span> spans, long start, long end) {
    long busy =
        Spans.length(spans.stream().filter(span -> span.lane() == lane).toList(), start, end);
    return new LaneTimes(lane, busy / 1e6, (end - start - busy) / 1e6);
  }
}
