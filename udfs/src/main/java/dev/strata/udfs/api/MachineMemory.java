package dev.strata.udfs.api;

import com.sun.management.OperatingSystemMXBean;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.stream.Stream;

/**
 * The memory of this machine, or of the container that this process is in: control groups of both
 * versions, the strictest of those that lie in each other. All in bytes.
 *
 * @param limit what there is in all
 * @param isContainer whether a container sets the limit, and not the machine
 * @param free what a process may take yet; the page cache makes room and counts as free
 * @param swap free space to swap to
 * @param own what this process holds, its heap as well
 */
public record MachineMemory(long limit, boolean isContainer, long free, long swap, long own) {

  /** A control group's limit, and what it holds that nothing gives way. */
  private record Group(long limit, long used) {}

  /** As it is now. */
  public static MachineMemory now() {
    return read(Path.of("/proc"), Path.of("/sys/fs/cgroup"));
  }

  static MachineMemory read(Path proc, Path groups) {
    Path machine = proc.resolve("meminfo");
    long total = kibibytes(machine, "MemTotal:", ofThisJvm());
    long free = kibibytes(machine, "MemAvailable:", total);
    long limit = total;
    for (Group group : groups(proc.resolve("self/cgroup"), groups)) {
      if (group.limit() < total) {
        limit = Math.min(limit, group.limit());
        free = Math.min(free, Math.max(0, group.limit() - group.used()));
      }
    }
    return new MachineMemory(
        limit,
        limit < total,
        free,
        kibibytes(machine, "SwapFree:", 0),
        kibibytes(proc.resolve("self/status"), "RssAnon:", 0));
  }

  /** What the JVM knows of, also on other systems than Linux. */
  private static long ofThisJvm() {
    return ((OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean())
        .getTotalMemorySize();
  }

  private static List<Group> groups(Path membership, Path root) {
    List<Group> groups = new ArrayList<>();
    for (String line : lines(membership)) {
      String[] parts = line.split(":", 3);
      if (parts.length == 3 && parts[1].isEmpty()) {
        add(groups, root, parts[2], "memory.max", "memory.current", "");
      } else if (parts.length == 3 && List.of(parts[1].split(",", -1)).contains("memory")) {
        add(
            groups,
            root.resolve("memory"),
            parts[2],
            "memory.limit_in_bytes",
            "memory.usage_in_bytes",
            "total_");
      }
    }
    return groups;
  }

  /**
   * Within a container the path of its own group may be one of the machine's, seen from nowhere.
   */
  private static void add(
      List<Group> groups, Path root, String path, String limit, String used, String prefix) {
    Path own = root.resolve(path.substring(Math.min(1, path.length()))).normalize();
    Path group = own.startsWith(root) && Files.isDirectory(own) ? own : root;
    while (group != null && group.startsWith(root)) {
      OptionalLong most = number(group.resolve(limit));
      OptionalLong now = number(group.resolve(used));
      if (most.isPresent() && now.isPresent()) {
        long files = files(group.resolve("memory.stat"), prefix);
        groups.add(new Group(most.getAsLong(), Math.max(0, now.getAsLong() - files)));
      }
      group = group.getParent();
    }
  }

  /** Pages of files, which the kernel lets go of where memory is wanted. */
  private static long files(Path statistics, String prefix) {
    long bytes = 0;
    for (String line : lines(statistics)) {
      if (line.startsWith(prefix + "inactive_file ") || line.startsWith(prefix + "active_file ")) {
        bytes += Long.parseLong(line.substring(line.indexOf(' ') + 1).trim());
      }
    }
    return bytes;
  }

  /** A file's number; empty where there is none, or the word for no limit. */
  private static OptionalLong number(Path file) {
    return lines(file).stream()
        .filter(line -> line.matches("\\d{1,18}"))
        .mapToLong(Long::parseLong)
        .findFirst();
  }

  private static long kibibytes(Path file, String name, long otherwise) {
    return lines(file).stream()
        .filter(line -> line.startsWith(name))
        .mapToLong(line -> Long.parseLong(line.replaceAll("[^0-9]", "")) << 10)
        .findFirst()
        .orElse(otherwise);
  }

  /** None where there is no such file, as on other systems than Linux. */
  private static List<String> lines(Path file) {
    try (Stream<String> lines = Files.lines(file)) {
      return lines.toList();
    } catch (IOException | UncheckedIOException e) {
      return List.of();
    }
  }

  /** For people: how much is free of how much, and whose. */
  public String describe() {
    return "%d MiB free of %d MiB%s"
        .formatted(free >> 20, limit >> 20, isContainer ? " (the container's limit)" : "");
  }
}
