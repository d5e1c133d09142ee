package dev.strata.job.plan;

import java.util.Optional;

/**
 * How many partitions a run has: few and big, because the rows of a partition share the streaming
 * of the model. So their number follows what works on them, never the number of input files.
 */
public final class PartitionPlan {

  private PartitionPlan() {}

  /** The number asked for, or one for each GPU, or one for each executor without GPUs. */
  public static int partitions(Optional<Integer> requested, Cluster cluster) {
    return requested.orElseGet(cluster::slots);
  }
}
