package dev.strata.udfs.engine;

/** The time in which at least one of some works is under way. Works may be on any threads. */
final class BusyTime {

  private int underWay;
  private long since;
  private long nanos;

  synchronized void begins() {
    if (underWay++ == 0) {
      since = System.nanoTime();
    }
  }

  synchronized void ends() {
    if (--underWay == 0) {
      nanos += System.nanoTime() - since;
    }
  }

  /** So far, the works under way included. */
  synchronized long nanos() {
    return underWay == 0 ? nanos : nanos + System.nanoTime() - since;
  }
}
