package dev.strata.udfs.tensor;

/** How a device's work is queued: its lanes, and the marks that order them. */
interface DeviceLanes extends AutoCloseable {

  Lane newLane(String name);

  /** A lane for copies alone. */
  default Lane newCopyLane(String name) {
    return newLane(name);
  }

  /**
   * A mark that is not set.
   *
   * @param timed whether it tells when it was passed
   */
  Mark newMark(boolean timed);

  @Override
  void close();
}
