package dev.strata.udfs.tools;

import com.sun.management.OperatingSystemMXBean;
import dev.strata.udfs.api.ExecutorMemory;
import dev.strata.udfs.api.StrataException.Fault;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;

/** Memory against what a run on this machine would take. */
final class Memory {

  private Memory() {}

  static Finding check(long hostMemory) {
    long limit =
        ((OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean()).getTotalMemorySize();
    return check(limit, limit < machine(limit), Runtime.getRuntime().maxMemory(), hostMemory);
  }

  /**
   * Compares needs with the limit.
   *
   * @param limit bytes this process may use
   * @param container whether a container sets the limit, and not the machine
   * @param heap the most bytes of Java's heap
   * @param hostMemory bytes outside the heap
   */
  static Finding check(long limit, boolean container, long heap, long hostMemory) {
    long need = heap + hostMemory + ExecutorMemory.ALLOWANCE_BYTES;
    String text =
        "%s%s for a heap of %s, --host-memory of %s and %s for libraries"
            .formatted(
                Sizes.text(limit),
                container ? " (the container's limit)" : "",
                Sizes.text(heap),
                Sizes.text(hostMemory),
                Sizes.text(ExecutorMemory.ALLOWANCE_BYTES));
    return need <= limit
        ? Finding.ok("memory", text)
        : Finding.failed(
            "memory",
            Fault.RESOURCES,
            text + "; lower --host-memory by %s".formatted(Sizes.text(need - limit)));
  }

  private static long machine(long otherwise) {
    try {
      return Files.readAllLines(Path.of("/proc/meminfo")).stream()
          .filter(line -> line.startsWith("MemTotal:"))
          .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) << 10)
          .findFirst()
          .orElse(otherwise);
    } catch (IOException | NumberFormatException e) {
      return otherwise;
    }
  }
}
