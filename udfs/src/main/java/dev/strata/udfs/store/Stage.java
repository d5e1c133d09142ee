package dev.strata.udfs.store;

/** The parts of a model whose weights are used together, in the order of a sweep. */
public enum Stage {
  ATTENTION,
  FEED_FORWARD,
  HEAD
}
