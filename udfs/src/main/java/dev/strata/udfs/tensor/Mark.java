package dev.strata.udfs.tensor;

import ai.djl.pytorch.jni.IValue;

/**
 * A point in a lane's work, set anew by each {@link Lane#record}: a CUDA event, or nothing on the
 * host, whose work is done when it is sent.
 */
public final class Mark implements AutoCloseable {

  private final TorchScript cuda;
  private final IValue event;

  Mark(TorchScript cuda, boolean timed) {
    this.cuda = cuda;
    this.event = cuda == null ? null : cuda.call("new_event", timed);
  }

  IValue event() {
    return event;
  }

  /** Blocks the calling thread until the lane has passed the point; at once if it was never set. */
  public void awaitOnHost() {
    if (cuda != null) {
      cuda.run("await_event", event);
    }
  }

  /** Milliseconds between two points that lanes have passed, both of timed marks. */
  double millisecondsUntil(Mark later) {
    return cuda.number("elapsed", event, later.event);
  }

  @Override
  public void close() {
    if (event != null) {
      event.close();
    }
  }
}
