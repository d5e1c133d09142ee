package dev.strata.udfs.tensor;

import ai.djl.pytorch.jni.IValue;

/** Lanes of a GPU: CUDA's streams and events. */
final class CudaLanes implements DeviceLanes {

  private final TorchScript script;

  /**
   * @param script the methods of {@code cuda.py}
   */
  CudaLanes(TorchScript script) {
    this.script = script;
  }

  @Override
  public Lane newLane(String name) {
    return new CudaLane(name);
  }

  @Override
  public Mark newMark(boolean timed) {
    return new CudaMark(timed);
  }

  @Override
  public void close() {}

  private final class CudaLane extends Lane {

    private final IValue stream = script.call("new_stream");

    CudaLane(String name) {
      super(name);
    }

    @Override
    public void bind() {
      script.run("use_stream", stream);
    }

    @Override
    public void record(Mark mark) {
      script.run("record_event", stream, ((CudaMark) mark).event);
    }

    @Override
    public void await(Mark mark) {
      script.run("wait_event", stream, ((CudaMark) mark).event);
    }

    @Override
    public void close() {
      stream.close();
    }
  }

  private final class CudaMark extends Mark {

    private final IValue event;

    CudaMark(boolean timed) {
      this.event = script.call("new_event", timed);
    }

    @Override
    public void awaitOnHost() {
      script.run("await_event", event);
    }

    @Override
    double millisecondsUntil(Mark later) {
      return script.number("elapsed", event, ((CudaMark) later).event);
    }

    @Override
    public void close() {
      event.close();
    }
  }
}
