package dev.strata.udfs.api;

/**
 * An executor's memory in Spark's terms: its heap, and what is outside of it, which Spark calls the
 * overhead. A container that is too small for both is killed, so it is refused instead.
 */
public final class ExecutorMemory {

  /** Spark's key of what an executor's container holds besides the heap. */
  public static final String OVERHEAD_KEY = "spark.executor.memoryOverhead";

  /**
   * What a process takes outside its heap and the host budget: libtorch, tokenizers, metaspace,
   * compiled code, Spark's and Arrow's buffers, threads' stacks, and with a GPU the host's part of
   * the CUDA context. An allowance: {@code BENCHMARKS.md} has what was measured.
   */
  public static final long ALLOWANCE_BYTES = 2L << 30;

  private ExecutorMemory() {}

  /** Mebibytes outside the heap of an executor with this host budget. */
  public static long overheadMebibytes(long hostMemory) {
    return mebibytes(hostMemory + ALLOWANCE_BYTES);
  }

  /**
   * Checks an overhead.
   *
   * @throws StrataException if it is too small for the host budget
   */
  public static void requireOverhead(long overheadMebibytes, long hostMemory) {
    long needed = overheadMebibytes(hostMemory);
    if (overheadMebibytes < needed) {
      throw StrataException.resources(
          "%s is %dm, but spark.strata.host.memory of %dm needs %dm with the libraries; set"
              + " %s=%dm or lower spark.strata.host.memory",
          OVERHEAD_KEY, overheadMebibytes, mebibytes(hostMemory), needed, OVERHEAD_KEY, needed);
    }
  }

  /**
   * Checks a limit that somebody else has set, such as a container's.
   *
   * @param limit bytes that the process may take in all
   * @param heap the most bytes of its heap
   * @throws StrataException if it is too small for heap and host budget
   */
  public static void requireLimit(long limit, long heap, long hostMemory) {
    long needed = heap + hostMemory + ALLOWANCE_BYTES;
    if (limit < needed) {
      throw StrataException.resources(
          "this container may take %dm, but a heap of %dm and spark.strata.host.memory of %dm need"
              + " %dm with the libraries; give it %dm or lower spark.strata.host.memory",
          limit >> 20,
          mebibytes(heap),
          mebibytes(hostMemory),
          mebibytes(needed),
          mebibytes(needed));
    }
  }

  private static long mebibytes(long bytes) {
    return (bytes + (1 << 20) - 1) >> 20;
  }
}
