package dev.strata.udfs.model;

/** A non-linearity. */
public enum Activation {
  /** {@code x}. */
  NONE,
  /** {@code x · sigmoid(x)}. */
  SILU
}
