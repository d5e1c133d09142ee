package dev.strata.udfs.spark;

import java.io.Serializable;

/** Rows dealt by their buckets to so many partitions, whose tasks keep a journal. */
record JournaledDeal(RunJournal journal, int partitions) implements Serializable {}
