package dev.strata.udfs.engine;

import dev.strata.udfs.concurrent.Activity;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;

/** Counts what is read of tiles, and notes when where that is asked for; tells a listener all. */
final class ReadLog implements EngineListener {

  private final EngineListener listener;
  private final Activity activity;
  private final Map<Long, Long> starts = new ConcurrentHashMap<>();
  private final List<Span> reads = Collections.synchronizedList(new ArrayList<>());
  private final AtomicLong bytesRead = new AtomicLong();
  private final BusyTime busy = new BusyTime();
  private volatile boolean tracing;

  /**
   * @param activity advances with each read
   */
  ReadLog(EngineListener listener, Activity activity) {
    this.listener = listener;
    this.activity = activity;
  }

  @Override
  public void readStarted(long count) {
    listener.readStarted(count);
    busy.begins();
    if (tracing) {
      starts.put(count, System.nanoTime());
    }
  }

  @Override
  public void readEnded(long count, long bytes) {
    listener.readEnded(count, bytes);
    busy.ends();
    bytesRead.addAndGet(bytes);
    activity.advances();
    Long start = starts.remove(count);
    if (start != null) {
      reads.add(new Span(LaneKind.DISK, "read", start, System.nanoTime()));
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

  /** Bytes of tiles, since the beginning. */
  long bytesRead() {
    return bytesRead.get();
  }

  /** The time in which tiles were read, since the beginning; reads beside each other count once. */
  long busyNanos() {
    return busy.nanos();
  }

  /** Notes from now on when tiles are read. */
  void startTrace() {
    reads.clear();
    tracing = true;
  }

  /** What was read since the trace was started. */
  List<Span> endTrace() {
    tracing = false;
    starts.clear();
    return List.copyOf(reads);
  }
}
