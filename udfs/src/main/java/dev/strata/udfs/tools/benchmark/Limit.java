package dev.strata.udfs.tools.benchmark;

/**
 * The least time that a sweep can take on a machine: disk, bus and arithmetic work side by side, so
 * it is the longest of their times, in seconds.
 */
record Limit(double disk, double bus, double compute) {

  double seconds() {
    return Math.max(disk, Math.max(bus, compute));
  }

  /** What it is that cannot be faster. */
  String bound() {
    if (seconds() == compute) {
      return "compute";
    }
    return seconds() == bus ? "bus" : "disk";
  }
}
