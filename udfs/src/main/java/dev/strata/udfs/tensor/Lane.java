package dev.strata.udfs.tensor;

import ai.djl.pytorch.jni.IValue;

/**
 * A queue of copies and kernels that run in the order in which they are sent, beside those of other
 * lanes: a CUDA stream. On the host work is done when it is sent, and a lane is but a name.
 */
public final class Lane implements AutoCloseable {

  private final String name;
  private final TorchScript cuda;
  private final IValue stream;
  private volatile Trace trace;

  Lane(String name, TorchScript cuda) {
    this.name = name;
    this.cuda = cuda;
    this.stream = cuda == null ? null : cuda.call("new_stream");
  }

  String name() {
    return name;
  }

  /** What the calling thread sends from now on is the lane's. */
  public void bind() {
    if (cuda != null) {
      cuda.run("use_stream", stream);
    }
  }

  /** Sets the mark behind all work sent so far. */
  public void record(Mark mark) {
    if (cuda != null) {
      cuda.run("record_event", stream, mark.event());
    }
  }

  /** Work sent from now on starts after the mark; at once if it was never set. */
  public void await(Mark mark) {
    if (cuda != null) {
      cuda.run("wait_event", stream, mark.event());
    }
  }

  /** Sends work from the lane's thread, as one span of the timeline where there is one. */
  public void run(String label, Runnable work) {
    Trace current = trace;
    if (current == null) {
      work.run();
    } else {
      current.run(this, label, work);
    }
  }

  /** Spans go to the trace from now on; null for none. */
  public void trace(Trace to) {
    trace = to;
  }

  @Override
  public void close() {
    if (stream != null) {
      stream.close();
    }
  }
}
