package dev.strata.udfs.engine;

import dev.strata.udfs.tensor.Trace;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;

/** Tells an observer what each sweep did, and a listener what is read and computed with. */
final class SweepRecorder implements EngineListener, AutoCloseable {

  private static final Map<String, Lane> LANES =
      Map.of(
          "kernels", Lane.COMPUTE,
          "tiles", Lane.COPY,
          "hidden in", Lane.COPY,
          "hidden out", Lane.COPY,
          "KV in", Lane.KV,
          "KV out", Lane.KV);

  /** What was counted when the sweep began. */
  private record Base(long diskBytes, long kvIn, long kvOut, long hidden) {}

  private final SweepObserver observer;
  private final EngineListener listener;
  private final Map<Long, Long> readStarts = new ConcurrentHashMap<>();
  private final List<Span> reads = Collections.synchronizedList(new ArrayList<>());
  private final AtomicLong tileBytesRead = new AtomicLong();
  private volatile boolean tracing;
  private Trace trace;
  private Base base;
  private long tileBytes;
  private long sweep;

  SweepRecorder(SweepObserver observer, EngineListener listener) {
    this.observer = observer;
    this.listener = listener;
  }

  @Override
  public void readStarted(long count) {
    listener.readStarted(count);
    if (tracing) {
      readStarts.put(count, System.nanoTime());
    }
  }

  @Override
  public void readEnded(long count, long bytes) {
    listener.readEnded(count, bytes);
    tileBytesRead.addAndGet(bytes);
    Long start = readStarts.remove(count);
    if (start != null) {
      reads.add(new Span(Lane.DISK, "read", start, System.nanoTime()));
    }
  }

  @Override
  public void kernelsStarted(long use) {
    listener.kernelsStarted(use);
  }

  @Override
  public void kernelsEnded(long use) {
    listener.kernelsEnded(use);
  }

  void tileUsed(long bytes) {
    tileBytes += bytes;
  }

  /** Bytes of tiles and embedding rows, since the beginning. */
  long bytesRead(SweepResources resources) {
    return tileBytesRead.get() + resources.embedding.bytesRead();
  }

  void sweepStarted(SweepResources resources) {
    tileBytes = 0;
    if (base == null) {
      base = counted(resources);
    }
    if (trace == null && observer.traces(sweep)) {
      reads.clear();
      tracing = true;
      trace = resources.device.newTrace(resources.compute);
      resources.traceTo(trace);
    }
  }

  private Base counted(SweepResources resources) {
    return new Base(
        bytesRead(resources),
        resources.kv.bytesLoaded(),
        resources.kv.bytesStored(),
        resources.hidden.bytesCopied());
  }

  void sweepEnded(SweepResources resources, SweepSchedule schedule, int chosen, long nanos) {
    Base now = counted(resources);
    observer.sweepEnded(
        new SweepFigures(
            sweep++,
            schedule.runs().size(),
            schedule.promptTokens(),
            chosen,
            nanos,
            now.diskBytes() - base.diskBytes(),
            tileBytes,
            now.kvIn() - base.kvIn(),
            now.kvOut() - base.kvOut(),
            now.hidden() - base.hidden(),
            spans(resources)));
    // What is read between two sweeps is read for the second.
    base = now;
  }

  /** Ends what a sweep has begun that never ended. */
  @Override
  public void close() {
    if (trace != null) {
      trace.close();
    }
  }

  private List<Span> spans(SweepResources resources) {
    if (trace == null) {
      return List.of();
    }
    resources.traceTo(null);
    tracing = false;
    List<Span> spans = new ArrayList<>(reads);
    try (Trace ended = trace) {
      for (Trace.Span span : ended.spans()) {
        spans.add(
            new Span(LANES.get(span.lane()), span.label(), span.startNanos(), span.endNanos()));
      }
    }
    trace = null;
    readStarts.clear();
    return spans;
  }
}
