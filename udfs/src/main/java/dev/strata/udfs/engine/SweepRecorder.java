package dev.strata.udfs.engine;

import dev.strata.udfs.tensor.Trace;
import java.util.List;
import java.util.stream.Stream;

/** Tells an observer what each sweep did. */
final class SweepRecorder implements AutoCloseable {

  /** What was counted when the sweep began. */
  private record Base(long diskBytes, long kvIn, long kvOut, long hidden) {}

  private final SweepObserver observer;
  private final ReadLog reads;
  private final SweepMemory memory;
  private final Lanes lanes;
  private Trace trace;
  private Base base;
  private long tileBytes;
  private long expertBytes;
  private long sweep;

  SweepRecorder(SweepObserver observer, ReadLog reads, SweepMemory memory, Lanes lanes) {
    this.observer = observer;
    this.reads = reads;
    this.memory = memory;
    this.lanes = lanes;
  }

  void tileUsed(long bytes) {
    tileBytes += bytes;
  }

  void expertsChosen(long bytes) {
    expertBytes += bytes;
  }

  /** Bytes of tiles and embedding rows, since the beginning. */
  long bytesRead() {
    return reads.bytesRead() + memory.embedding().bytesRead();
  }

  void sweepStarted() {
    tileBytes = 0;
    expertBytes = 0;
    if (base == null) {
      base = counted();
    }
    if (trace == null && observer.traces(sweep)) {
      reads.startTrace();
      trace = lanes.startTrace();
    }
  }

  private Base counted() {
    return new Base(
        bytesRead(),
        memory.kv().bytesLoaded(),
        memory.kv().bytesStored(),
        memory.hidden().bytesCopied());
  }

  void sweepEnded(SweepSchedule schedule, int chosen, long nanos) {
    Base now = counted();
    observer.sweepEnded(
        new SweepFigures(
            sweep++,
            schedule.sequences(),
            schedule.promptTokens(),
            chosen,
            nanos,
            now.diskBytes() - base.diskBytes(),
            tileBytes,
            expertBytes,
            now.kvIn() - base.kvIn(),
            now.kvOut() - base.kvOut(),
            now.hidden() - base.hidden(),
            spans()));
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

  private List<Span> spans() {
    if (trace == null) {
      return List.of();
    }
    Trace ended = trace;
    trace = null;
    List<Span> ofLanes = lanes.endTrace(ended);
    return Stream.of(reads.endTrace(), ofLanes).flatMap(List::stream).toList();
  }
}
