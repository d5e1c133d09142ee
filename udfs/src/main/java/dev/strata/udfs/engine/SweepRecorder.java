package dev.strata.udfs.engine;

import dev.strata.udfs.store.Tile;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Tells an observer what each sweep did, and a listener what is read and computed with. Spans are
 * by the host's clock, so kernels have some only where the device is the host.
 */
final class SweepRecorder implements EngineListener {

  private final SweepObserver observer;
  private final EngineListener listener;
  private final List<Tile> tiles;
  private final boolean timesKernels;
  private final Map<Long, Long> readStarts = new ConcurrentHashMap<>();
  private final List<Span> spans = Collections.synchronizedList(new ArrayList<>());
  private final AtomicLong diskBytes = new AtomicLong();
  private volatile boolean tracing;
  private long kernelsStart;
  private long tileBytes;
  private long diskBytesBefore;
  private long sweep;

  SweepRecorder(
      SweepObserver observer, EngineListener listener, List<Tile> tiles, boolean timesKernels) {
    this.observer = observer;
    this.listener = listener;
    this.tiles = tiles;
    this.timesKernels = timesKernels;
  }

  @Override
  public void readStarted(long tile) {
    listener.readStarted(tile);
    readStarts.put(tile, System.nanoTime());
  }

  @Override
  public void readEnded(long tile, long bytes) {
    diskBytes.addAndGet(bytes);
    add(Lane.DISK, tile, readStarts.remove(tile));
    listener.readEnded(tile, bytes);
  }

  @Override
  public void kernelsStarted(long tile) {
    listener.kernelsStarted(tile);
    kernelsStart = System.nanoTime();
  }

  @Override
  public void kernelsEnded(long tile) {
    if (timesKernels) {
      add(Lane.COMPUTE, tile, kernelsStart);
      kernelsStart = System.nanoTime(); // several tiles may have started together
    }
    tileBytes += tile(tile).bytes();
    listener.kernelsEnded(tile);
  }

  private Tile tile(long count) {
    return tiles.get((int) (count % tiles.size()));
  }

  private void add(Lane lane, long tile, long start) {
    if (tracing) {
      spans.add(new Span(lane, tile(tile).weight().role().name(), start, System.nanoTime()));
    }
  }

  void sweepStarted() {
    tileBytes = 0;
    diskBytesBefore = diskBytes.get();
    tracing = observer.traces(sweep);
  }

  void sweepEnded(SweepSchedule schedule, int chosen, long nanos, long embeddingBytes) {
    tracing = false;
    List<Span> traced = List.copyOf(spans);
    spans.clear();
    observer.sweepEnded(
        new SweepFigures(
            sweep++,
            schedule.runs().size(),
            schedule.promptTokens(),
            chosen,
            nanos,
            diskBytes.get() - diskBytesBefore + embeddingBytes,
            tileBytes,
            0,
            0,
            0,
            traced));
  }
}
