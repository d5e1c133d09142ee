package dev.strata.udfs.engine;

import dev.strata.udfs.api.SweepTimes;
import java.util.Collection;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Finds where the time of sweeps goes. Where the host computes, its thread waits for reads alone,
 * and how long it does is measured in every sweep. A device works behind the thread's back: one
 * sweep in some time is traced there, and untraced ones are taken to be like the last traced one of
 * their kind.
 */
final class SweepClock {

  /** Tracing costs a few percent of a sweep, so that one part in so many of the time is traced. */
  private static final int TRACED_PART = 20;

  private enum Kind {
    PREFILL,
    DECODE;

    static Kind of(boolean hasPrompts) {
      return hasPrompts ? PREFILL : DECODE;
    }
  }

  private static final Set<LaneKind> COMPUTING = EnumSet.of(LaneKind.COMPUTE);
  private static final Set<LaneKind> MOVING =
      EnumSet.of(LaneKind.COMPUTE, LaneKind.COPY, LaneKind.KV);

  private final boolean isStaged;
  private final ReadLog reads;
  private final Map<Kind, SweepTimes> traced = new EnumMap<>(Kind.class);
  private long tracedNanos;
  private long allNanos;
  private long waitedNanos;
  private long readNanos;

  /**
   * @param isStaged whether a device computes that is not the host
   */
  SweepClock(boolean isStaged, ReadLog reads) {
    this.isStaged = isStaged;
    this.reads = reads;
  }

  /** Whether the next sweep is to be traced. */
  boolean traces(boolean hasPrompts) {
    return isStaged
        && (!traced.containsKey(Kind.of(hasPrompts)) || tracedNanos * TRACED_PART < allNanos);
  }

  void sweepStarted() {
    waitedNanos = 0;
    readNanos = reads.busyNanos();
  }

  /** The thread that computes waited for a tile. */
  void waited(long nanos) {
    waitedNanos += nanos;
  }

  /**
   * Where a sweep's time went.
   *
   * @param started when it began, as {@link System#nanoTime} has it
   * @param spans the work of all lanes; empty if it was not traced
   */
  SweepTimes sweepEnded(boolean hasPrompts, long started, long nanos, List<Span> spans) {
    if (!isStaged) {
      long compute = Math.max(0, nanos - waitedNanos);
      long read = Math.min(nanos, reads.busyNanos() - readNanos);
      return new SweepTimes(nanos - compute, 0, compute, Math.max(compute, read));
    }
    allNanos += nanos;
    Kind kind = Kind.of(hasPrompts);
    if (spans.isEmpty()) {
      return traced.getOrDefault(kind, new SweepTimes(0, 0, nanos, nanos)).of(nanos);
    }
    tracedNanos += nanos;
    SweepTimes times = times(started, nanos, spans);
    traced.put(kind, times);
    return times;
  }

  private static SweepTimes times(long started, long nanos, List<Span> spans) {
    long end = started + nanos;
    long computing = length(spans, COMPUTING, started, end);
    long moving = length(spans, MOVING, started, end);
    long busy = length(spans, EnumSet.allOf(LaneKind.class), started, end);
    long longest = 0;
    for (LaneKind lane : LaneKind.values()) {
      longest = Math.max(longest, length(spans, EnumSet.of(lane), started, end));
    }
    long disk = busy - moving;
    long copy = moving - computing;
    return new SweepTimes(disk, copy, nanos - disk - copy, longest);
  }

  private static long length(List<Span> spans, Collection<LaneKind> lanes, long start, long end) {
    return Spans.length(
        spans.stream().filter(span -> lanes.contains(span.lane())).toList(), start, end);
  }
}
