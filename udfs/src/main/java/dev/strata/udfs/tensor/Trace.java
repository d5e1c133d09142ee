package dev.strata.udfs.tensor;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/** When the work of lanes ran, by timed marks. Spans may be added from several threads. */
public final class Trace implements AutoCloseable {

  /**
   * Work of a lane.
   *
   * @param startNanos as {@link System#nanoTime} has it; {@code endNanos} alike
   */
  public record Span(Lane lane, String label, long startNanos, long endNanos) {}

  private record Marked(Lane lane, String label, Mark start, Mark end) {}

  private final Holdings holdings = new Holdings();
  private final DeviceLanes lanes;
  private final long baseNanos;
  private final Mark base;
  private final List<Marked> marked = Collections.synchronizedList(new ArrayList<>());

  /** Starts when all work sent to the lane is done, which is waited for. */
  Trace(DeviceLanes lanes, Lane lane) {
    this.lanes = lanes;
    this.base = newMark();
    try {
      lane.record(base);
      base.awaitOnHost();
    } catch (Throwable e) {
      holdings.closeAfter(e);
      throw e;
    }
    this.baseNanos = System.nanoTime();
  }

  void run(Lane lane, String label, Runnable work) {
    Mark start = newMark();
    Mark end = newMark();
    lane.record(start);
    work.run();
    lane.record(end);
    marked.add(new Marked(lane, label, start, end));
  }

  private Mark newMark() {
    Mark mark = lanes.newMark(true);
    synchronized (holdings) {
      return holdings.add(mark);
    }
  }

  /** All spans so far, waiting for those that have not ended. */
  public List<Span> spans() {
    List<Span> spans = new ArrayList<>();
    for (Marked m : List.copyOf(marked)) {
      m.end().awaitOnHost();
      spans.add(new Span(m.lane(), m.label(), nanos(m.start()), nanos(m.end())));
    }
    return spans;
  }

  private long nanos(Mark mark) {
    return baseNanos + Math.round(base.millisecondsUntil(mark) * 1e6);
  }

  @Override
  public void close() {
    synchronized (holdings) {
      holdings.close();
    }
  }
}
