package dev.strata.udfs.sql;

import dev.strata.udfs.spark.EngineStats;

/** A node of a physical plan that asks a model. */
interface AskNode {

  /** What its tasks did so far, and why calls failed. */
  EngineStats failures();
}
