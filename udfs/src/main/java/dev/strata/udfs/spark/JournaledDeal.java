package dev.strata.udfs.spark;

/** Rows dealt by their buckets to so many partitions, whose tasks keep a journal. */
record JournaledDeal(RunJournal journal, int partitions) {}
