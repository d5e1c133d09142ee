package dev.strata.udfs.tensor;

/** How the rows that a kernel works on are done in parts. */
public final class RowParts {

  /** Fewer rows are not worth another thread. */
  private static final int LEAST_PART_ROWS = 16;

  /** More rows are done in several parts, so that kernels' results on their way stay small. */
  static final int LARGEST_PART_ROWS = 1024;

  /**
   * On a GPU, where each call takes longer than what it does, parts have more rows if those are
   * short.
   */
  private static final long LARGEST_PART_ELEMENTS = 16L << 20;

  private final ComputeDevice device;
  private final boolean onCpu;

  RowParts(ComputeDevice device, boolean onCpu) {
    this.device = device;
    this.onCpu = onCpu;
  }

  /** Work on some rows of several, which do not depend on one another. */
  interface RowWork {
    void run(long begin, long count);
  }

  /**
   * How many rows are done at once at most.
   *
   * @param width elements of a row
   */
  public static long partRows(long width, boolean onCpu) {
    return onCpu ? LARGEST_PART_ROWS : Math.max(LARGEST_PART_ROWS, LARGEST_PART_ELEMENTS / width);
  }

  /**
   * On a CPU rows are shared among threads, each of which does all of a kernel's steps alone. What
   * the steps hand on is no more than {@link #partRows} of it at once.
   *
   * @param width elements of a row
   */
  void run(long rows, long width, RowWork work) {
    runAtMost(partRows(width, onCpu), rows, work);
  }

  /** The same, where no more than {@code most} rows are done at once. */
  void runAtMost(long most, long rows, RowWork work) {
    long least = (rows + most - 1) / most;
    int parts = (int) Math.max(least, Math.min(device.kernelThreads(), rows / LEAST_PART_ROWS));
    device.sideBySide(
        parts,
        part -> {
          long begin = rows * part / parts;
          work.run(begin, rows * (part + 1) / parts - begin);
        });
  }
}
