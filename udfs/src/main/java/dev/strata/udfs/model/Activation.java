package dev.strata.udfs.model;

/** The non-linearity of the feed-forward stage. */
public enum Activation {
  /** {@code x · sigmoid(x)}. */
  SILU
}
