package dev.strata.udfs.tensor;

/**
 * A queue of copies and kernels that run in the order in which they are sent, beside those of other
 * lanes: a CUDA stream. On the host work is done when it is sent, and a lane is but a name.
 */
public abstract class Lane implements AutoCloseable {

  private final String name;
  private volatile Trace trace;

  Lane(String name) {
    this.name = name;
  }

  final String name() {
    return name;
  }

  /** What the calling thread sends from now on is the lane's. */
  public abstract void bind();

  /** Sets the mark behind all work sent so far. */
  public abstract void record(Mark mark);

  /**
   * Work sent from now on starts after the mark as it is set now; at once if it was never set, and
   * whatever it is set to later.
   */
  public abstract void await(Mark mark);

  /** Sends work from the lane's thread, as one span of the timeline where there is one. */
  public final void run(String label, Runnable work) {
    Trace current = trace;
    if (current == null) {
      work.run();
    } else {
      current.run(this, label, work);
    }
  }

  /** Spans go to the trace from now on; null for none. */
  public final void trace(Trace to) {
    trace = to;
  }

  @Override
  public abstract void close();
}
