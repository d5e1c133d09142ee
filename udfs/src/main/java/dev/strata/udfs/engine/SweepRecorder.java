package dev.strata.udfs.engine;

import dev.strata.udfs.api.SweepTimes;
import dev.strata.udfs.tensor.Trace;
import java.util.List;
import java.util.stream.Stream;

/** Tells an observer what each sweep did, and finds where its time went. */
final class SweepRecorder implements AutoCloseable {

  /** What was counted when the sweep began. */
  private record Base(long diskBytes, long kvIn, long kvOut, long hidden) {}

  private final SweepObserver observer;
  private final SweepClock clock;
  private final ReadLog reads;
  private final SweepMemory memory;
  private final Lanes lanes;
  private Trace trace;
  private boolean observed; // whether the trace is for the observer
  private Base base;
  private long tileBytes;
  private long expertBytes;
  private long sweep;

  SweepRecorder(
      SweepObserver observer, SweepClock clock, ReadLog reads, SweepMemory memory, Lanes lanes) {
    this.observer = observer;
    this.clock = clock;
    this.reads = reads;
    this.memory = memory;
    this.lanes = lanes;
  }

  /** The thread that computes waited for a tile. */
  void waited(long nanos) {
    clock.waited(nanos);
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

  void sweepStarted(SweepSchedule schedule) {
    tileBytes = 0;
    expertBytes = 0;
    if (base == null) {
      base = counted();
    }
    clock.sweepStarted();
    if (trace != null) {
      return; // of a sweep that was given up
    }
    observed = observer.traces(sweep);
    if (observed || clock.traces(schedule.promptTokens() > 0)) {
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

  /**
   * Takes note of a sweep's end.
   *
   * @param started when it began
   * @return where its time went
   */
  SweepTimes sweepEnded(SweepSchedule schedule, int chosen, long started, long nanos) {
    Base now = counted();
    List<Span> spans = spans();
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
            observed ? spans : List.of()));
    // What is read between two sweeps is read for the second.
    base = now;
    return clock.sweepEnded(schedule.promptTokens() > 0, started, nanos, spans);
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
