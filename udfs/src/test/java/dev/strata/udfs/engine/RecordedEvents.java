package dev.strata.udfs.engine;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicLong;

/** When each tile's read and kernels started and ended, as places in one order of all events. */
final class RecordedEvents implements EngineListener {

  private final AtomicLong clock = new AtomicLong();
  private final AtomicLong bytes = new AtomicLong();
  private final Map<Long, Long> readStarts = new ConcurrentHashMap<>();
  private final Map<Long, Long> readEnds = new ConcurrentHashMap<>();
  private final Map<Long, Long> kernelStarts = new ConcurrentHashMap<>();
  private final Map<Long, Long> kernelEnds = new ConcurrentHashMap<>();

  @Override
  public void readStarted(long tile) {
    readStarts.put(tile, clock.incrementAndGet());
  }

  @Override
  public void readEnded(long tile, long bytesRead) {
    readEnds.put(tile, clock.incrementAndGet());
    bytes.addAndGet(bytesRead);
  }

  @Override
  public void kernelsStarted(long tile) {
    kernelStarts.put(tile, clock.incrementAndGet());
  }

  @Override
  public void kernelsEnded(long tile) {
    kernelEnds.put(tile, clock.incrementAndGet());
  }

  long tilesRead() {
    return readEnds.size();
  }

  long bytesRead() {
    return bytes.get();
  }

  long readStart(long tile) {
    return readStarts.get(tile);
  }

  long readEnd(long tile) {
    return readEnds.get(tile);
  }

  long kernelStart(long tile) {
    return kernelStarts.get(tile);
  }

  long kernelEnd(long tile) {
    return kernelEnds.get(tile);
  }
}
