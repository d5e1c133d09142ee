package dev.strata.udfs.engine;

/** What works side by side in a sweep. */
public enum LaneKind {
  /** Weights from files to host memory. */
  DISK,
  /** Weights and hidden states between host memory and the device. */
  COPY,
  /** Keys, values and states of recurrences between host memory and the device. */
  KV,
  /** Kernels. */
  COMPUTE
}
