package dev.strata.udfs.store;

import com.sun.management.OperatingSystemMXBean;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/** How much of a model the operating system can keep in memory. */
final class PageCache {

  private static final Path MACHINE = Path.of("/proc/meminfo");
  private static final Path PROCESS = Path.of("/proc/self/status");

  private PageCache() {}

  /**
   * Bytes that files may take: what the machine has available and, within a container, what its
   * limit leaves to this process, whose cached pages count against it as well.
   */
  static long availableBytes() {
    long limit =
        ((OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean()).getTotalMemorySize();
    long own = kibibytes(PROCESS, "RssAnon:", 0) << 10;
    long machine = kibibytes(MACHINE, "MemAvailable:", limit >> 10) << 10;
    return Math.max(0, Math.min(machine, limit - own));
  }

  /**
   * A line's number; where there is no such file or line, as on other systems than Linux, another.
   */
  private static long kibibytes(Path file, String name, long otherwise) {
    try (Stream<String> lines = Files.lines(file)) {
      return lines
          .filter(line -> line.startsWith(name))
          .mapToLong(line -> Long.parseLong(line.replaceAll("[^0-9]", "")))
          .findFirst()
          .orElse(otherwise);
    } catch (IOException | UncheckedIOException e) {
      return otherwise;
    }
  }
}
