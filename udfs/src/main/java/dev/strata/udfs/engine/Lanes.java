package dev.strata.udfs.engine;

import dev.strata.udfs.tensor.ComputeDevice;
import dev.strata.udfs.tensor.Holdings;
import dev.strata.udfs.tensor.Lane;
import dev.strata.udfs.tensor.Trace;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** An engine's lanes, each with the kind of its work. */
final class Lanes implements AutoCloseable {

  private final Holdings holdings = new Holdings();
  private final ComputeDevice device;
  private final Map<Lane, LaneKind> kinds = new LinkedHashMap<>();
  private final Lane compute;
  private final Lane tiles;
  private final Lane hiddenIn;
  private final Lane hiddenOut;
  private final Lane kvIn;
  private final Lane kvOut;
  private final Lane statesIn;
  private final Lane statesOut;

  Lanes(ComputeDevice device) {
    this.device = device;
    try {
      this.compute = open("kernels", LaneKind.COMPUTE);
      this.tiles = open("tiles", LaneKind.COPY);
      this.hiddenIn = open("hidden in", LaneKind.COPY);
      this.hiddenOut = open("hidden out", LaneKind.COPY);
      this.kvIn = open("KV in", LaneKind.KV);
      this.kvOut = open("KV out", LaneKind.KV);
      this.statesIn = open("states in", LaneKind.KV);
      this.statesOut = open("states out", LaneKind.KV);
    } catch (Throwable e) {
      holdings.closeAfter(e);
      throw e;
    }
  }

  private Lane open(String name, LaneKind kind) {
    boolean computes = kind == LaneKind.COMPUTE;
    Lane lane = holdings.add(computes ? device.newLane(name) : device.newCopyLane(name));
    kinds.put(lane, kind);
    return lane;
  }

  /** Kernels. */
  Lane compute() {
    return compute;
  }

  /** Tiles on their way to the device. */
  Lane tiles() {
    return tiles;
  }

  /** Hidden states on their way to the device. */
  Lane hiddenIn() {
    return hiddenIn;
  }

  /** Hidden states on their way from the device. */
  Lane hiddenOut() {
    return hiddenOut;
  }

  /** Keys and values on their way to the device. */
  Lane kvIn() {
    return kvIn;
  }

  /** Keys and values on their way from the device. */
  Lane kvOut() {
    return kvOut;
  }

  /** States of recurrences on their way to the device. */
  Lane statesIn() {
    return statesIn;
  }

  /** States of recurrences on their way from the device. */
  Lane statesOut() {
    return statesOut;
  }

  /** Starts a trace of all lanes, on the computing thread. */
  Trace startTrace() {
    Trace trace = device.newTrace(compute);
    kinds.keySet().forEach(lane -> lane.trace(trace));
    return trace;
  }

  /** Ends a trace and closes it. */
  List<Span> endTrace(Trace trace) {
    kinds.keySet().forEach(lane -> lane.trace(null));
    List<Span> spans = new ArrayList<>();
    try (trace) {
      for (Trace.Span span : trace.spans()) {
        spans.add(
            new Span(kinds.get(span.lane()), span.label(), span.startNanos(), span.endNanos()));
      }
    }
    return spans;
  }

  @Override
  public void close() {
    holdings.close();
  }
}
