package dev.strata.udfs.tools.benchmark;

import com.sun.management.OperatingSystemMXBean;
import dev.strata.udfs.tensor.NvidiaSmi;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Where it ran.
 *
 * @param processor its model
 * @param cores that this process may use
 * @param memoryBytes that this process may use
 * @param load processes that wanted a core on average in the minute before; negative if unknown
 * @param gpu name, memory in MiB and driver; null for none
 */
record Machine(String processor, int cores, long memoryBytes, double load, String gpu) {

  /** Asked before anything is measured. */
  static Machine here() {
    OperatingSystemMXBean system =
        (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
    return new Machine(
        processorName(),
        Runtime.getRuntime().availableProcessors(),
        system.getTotalMemorySize(),
        system.getSystemLoadAverage(),
        NvidiaSmi.ask("cuda", "gpu=name,memory.total,driver_version").stream()
            .findFirst()
            .orElse(null));
  }

  private static String processorName() {
    try {
      return Files.readAllLines(Path.of("/proc/cpuinfo")).stream()
          .filter(line -> line.startsWith("model name"))
          .map(line -> line.substring(line.indexOf(':') + 1).strip())
          .findFirst()
          .orElseGet(Machine::architecture);
    } catch (IOException e) {
      return architecture();
    }
  }

  private static String architecture() {
    return System.getProperty("os.arch");
  }
}
