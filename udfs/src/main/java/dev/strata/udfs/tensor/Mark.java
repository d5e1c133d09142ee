package dev.strata.udfs.tensor;

/** A point in a lane's work, set anew by each {@link Lane#record}: a CUDA event. */
public abstract class Mark implements AutoCloseable {

  Mark() {}

  /** Blocks the calling thread until the lane has passed the point; at once if it was never set. */
  public abstract void awaitOnHost();

  /** Milliseconds between two points that lanes have passed, both of timed marks of one device. */
  abstract double millisecondsUntil(Mark later);

  @Override
  public abstract void close();
}
