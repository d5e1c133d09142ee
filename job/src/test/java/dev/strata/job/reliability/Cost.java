package dev.strata.job.reliability;

import java.lang.management.ManagementFactory;
import java.util.List;
import java.util.function.ToDoubleFunction;

/**
 * What work took.
 *
 * @param seconds until its end
 * @param cpuSeconds of all threads of the process
 */
record Cost(double seconds, double cpuSeconds) {

  /** The same work with something and without. */
  record Pair(Cost with, Cost without) {

    private double ratio(ToDoubleFunction<Cost> of) {
      return of.applyAsDouble(with) / of.applyAsDouble(without);
    }
  }

  /** What may fail. */
  @FunctionalInterface
  interface Work {
    void run() throws Exception;
  }

  static Cost of(Work work) throws Exception {
    long start = System.nanoTime();
    long cpu = cpuNanos();
    work.run();
    return new Cost((System.nanoTime() - start) / 1e9, (cpuNanos() - cpu) / 1e9);
  }

  private static long cpuNanos() {
    return ((com.sun.management.OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean())
        .getProcessCpuTime();
  }

  /** For a person. */
  static void print(List<Pair> pairs) {
    print("time", pairs, Cost::seconds);
    print("processor time", pairs, Cost::cpuSeconds);
  }

  private static void print(String what, List<Pair> pairs, ToDoubleFunction<Cost> of) {
    double[] ratios = pairs.stream().mapToDouble(pair -> pair.ratio(of)).sorted().toArray();
    System.out.printf(
        "%-15s with %.2f s, without %.2f s; ratio of a pair %.3f, half of them %.3f to %.3f%n",
        what,
        pairs.stream().map(Pair::with).mapToDouble(of).average().orElseThrow(),
        pairs.stream().map(Pair::without).mapToDouble(of).average().orElseThrow(),
        ratios[ratios.length / 2],
        ratios[ratios.length / 4],
        ratios[ratios.length * 3 / 4]);
  }
}
