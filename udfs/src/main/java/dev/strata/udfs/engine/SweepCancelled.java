package dev.strata.udfs.engine;

/** Nobody waits any more for the rows of a sweep, which was given up between two tiles. */
final class SweepCancelled extends RuntimeException {

  private static final long serialVersionUID = 1L;

  SweepCancelled() {
    super("nobody waits for the sweep's rows");
  }
}
