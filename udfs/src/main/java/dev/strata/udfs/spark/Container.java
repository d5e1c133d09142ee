package dev.strata.udfs.spark;

import dev.strata.udfs.api.ExecutorMemory;
import dev.strata.udfs.api.MachineMemory;
import java.util.regex.Pattern;
import org.apache.spark.SparkConf;

/** What limits the memory of this executor. */
final class Container {

  /** Masters that let an executor take what the machine has. */
  private static final Pattern WITHOUT_OVERHEAD = Pattern.compile("local(\\[.*])?|spark://.*");

  /** Spark's own overhead where none is set: this fraction of the heap, and at least so much. */
  private static final double DEFAULT_FACTOR = 0.1;

  private static final long DEFAULT_LEAST_MEBIBYTES = 384;

  private Container() {}

  /**
   * Checks that an engine fits beside the heap.
   *
   * @throws dev.strata.udfs.api.StrataException if it does not, with the number to set
   */
  static void require(SparkConf conf, long hostMemory) {
    if (!WITHOUT_OVERHEAD.matcher(conf.get("spark.master", "local")).matches()) {
      ExecutorMemory.requireOverhead(overheadMebibytes(conf), hostMemory);
    }
    MachineMemory machine = MachineMemory.now();
    if (machine.isContainer()) {
      long heap = Runtime.getRuntime().maxMemory();
      ExecutorMemory.requireLimit(machine.limit(), heap, hostMemory);
    }
  }

  static long overheadMebibytes(SparkConf conf) {
    long heap = conf.getSizeAsMb("spark.executor.memory", "1g");
    double factor = conf.getDouble("spark.executor.memoryOverheadFactor", DEFAULT_FACTOR);
    long otherwise = Math.max((long) (factor * heap), DEFAULT_LEAST_MEBIBYTES);
    return conf.getSizeAsMb(ExecutorMemory.OVERHEAD_KEY, otherwise + "m");
  }
}
