package dev.strata.udfs.model;

/** A non-linearity. */
public enum Activation {
  /** {@code x}. */
  NONE,
  /** {@code x · sigmoid(x)}. */
  SILU,
  /** {@code x/2 · (1 + tanh(√(2/π) · (x + 0.044715 · x³)))}. */
  GELU_TANH
}
