package dev.strata.udfs.live;

import org.apache.spark.scheduler.SparkListenerEvent;

/** Takes a run's figures to Spark's event log, where the history server finds them. */
public record RunEvent(RunFigures figures) implements SparkListenerEvent {}
