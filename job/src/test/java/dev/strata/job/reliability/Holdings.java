package dev.strata.job.reliability;

import java.io.IOException;
import java.lang.management.BufferPoolMXBean;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.ToLongFunction;
import java.util.stream.Stream;

/**
 * What this process holds, after garbage was collected; memory in KiB.
 *
 * @param resident memory in RAM
 * @param heap objects of Java
 * @param direct buffers outside the heap
 * @param classes what classes take
 * @param threads of Java
 * @param files handles that are open
 */
record Holdings(long resident, long heap, long direct, long classes, long threads, long files) {

  static final String HEADER = "resident,heap,direct,classes,threads,files";

  private static final long KIB = 1024;

  static Holdings now() throws IOException {
    System.gc();
    return new Holdings(
        residentKib(),
        ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed() / KIB,
        ManagementFactory.getPlatformMXBeans(BufferPoolMXBean.class).stream()
                .mapToLong(BufferPoolMXBean::getMemoryUsed)
                .sum()
            / KIB,
        ManagementFactory.getMemoryPoolMXBeans().stream()
                .filter(pool -> pool.getName().contains("Metaspace"))
                .mapToLong(pool -> pool.getUsage().getUsed())
                .sum()
            / KIB,
        ManagementFactory.getThreadMXBean().getThreadCount(),
        openFiles());
  }

  private static long residentKib() throws IOException {
    String line =
        Files.readAllLines(Path.of("/proc/self/status")).stream()
            .filter(text -> text.startsWith("VmRSS:"))
            .findFirst()
            .orElseThrow();
    return Long.parseLong(line.replaceAll("[^0-9]", ""));
  }

  private static long openFiles() throws IOException {
    try (Stream<Path> files = Files.list(Path.of("/proc/self/fd"))) {
      return files.count();
    }
  }

  /** The median of each. */
  static Holdings median(List<Holdings> all) {
    return new Holdings(
        median(all, Holdings::resident),
        median(all, Holdings::heap),
        median(all, Holdings::direct),
        median(all, Holdings::classes),
        median(all, Holdings::threads),
        median(all, Holdings::files));
  }

  private static long median(List<Holdings> all, ToLongFunction<Holdings> figure) {
    return all.stream().mapToLong(figure).sorted().skip(all.size() / 2).findFirst().orElseThrow();
  }

  String csv() {
    return Stream.of(resident, heap, direct, classes, threads, files)
        .map(String::valueOf)
        .reduce((a, b) -> a + "," + b)
        .orElseThrow();
  }
}
