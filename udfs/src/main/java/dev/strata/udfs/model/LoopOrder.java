package dev.strata.udfs.model;

/** In which order the tiles of a stage and the tokens of a sweep meet. */
public enum LoopOrder {
  /**
   * Micro-batch by micro-batch: tiles stay while micro-batches pass, or pass again for each of them
   * where they cannot all stay.
   */
  MICRO_BATCHES,
  /** Tokens are gathered of all micro-batches first; then each tile passes once. */
  GATHERED
}
