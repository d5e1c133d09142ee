package dev.strata.udfs.api;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MachineMemoryTest {

  private static final long MIB = 1 << 20;

  @TempDir Path root;

  @BeforeEach
  void aMachineOf16GiB() throws IOException {
    write(
        "proc/meminfo",
        "MemTotal: 16777216 kB\nMemFree: 1 kB\nMemAvailable: 8388608 kB\nSwapFree: 1024 kB\n");
    write("proc/self/status", "Name: java\nRssAnon:\t   2048 kB\nRssFile: 9 kB\n");
  }

  private void write(String file, String text) throws IOException {
    Path path = root.resolve(file);
    Files.createDirectories(path.getParent());
    Files.writeString(path, text);
  }

  private MachineMemory read() {
    return MachineMemory.read(root.resolve("proc"), root.resolve("groups"));
  }

  @Test
  void withoutGroupsTheMachineCounts() {
    assertThat(read()).isEqualTo(new MachineMemory(16384 * MIB, false, 8192 * MIB, MIB, 2 * MIB));
  }

  /** The limit may be of a group that the process's own lies in; files' pages give way. */
  @Test
  void groupsOfTheSecondVersion() throws IOException {
    write("proc/self/cgroup", "1:name=systemd:/x\n0::/pod/box\n");
    write("groups/pod/box/memory.max", "max\n");
    write("groups/pod/box/memory.current", "1\n");
    write("groups/pod/memory.max", 4096 * MIB + "\n");
    write("groups/pod/memory.current", 4000 * MIB + "\n");
    write(
        "groups/pod/memory.stat",
        "file 0\ninactive_file %d\nactive_file %d\nshmem 7\n".formatted(2000 * MIB, 1000 * MIB));
    assertThat(read()).isEqualTo(new MachineMemory(4096 * MIB, true, 3096 * MIB, MIB, 2 * MIB));
  }

  /** Within the container its path is one of the host's. */
  @Test
  void groupsOfTheFirstVersion() throws IOException {
    write("proc/self/cgroup", "5:cpu:/x\n4:hugetlb,memory:/docker/0123\n0::/\n");
    write("groups/memory/memory.limit_in_bytes", 4096 * MIB + "\n");
    write("groups/memory/memory.usage_in_bytes", 4096 * MIB + "\n");
    write(
        "groups/memory/memory.stat",
        "inactive_file 5\ntotal_inactive_file %d\ntotal_active_file 0\n".formatted(96 * MIB));
    assertThat(read()).isEqualTo(new MachineMemory(4096 * MIB, true, 96 * MIB, MIB, 2 * MIB));
  }

  @Test
  void aGroupWithoutLimitIsNoContainer() throws IOException {
    write("proc/self/cgroup", "4:memory:/a\n");
    write("groups/memory/a/memory.limit_in_bytes", "9223372036854771712\n");
    write("groups/memory/a/memory.usage_in_bytes", "9\n");
    assertThat(read().isContainer()).isFalse();
    assertThat(read().free()).isEqualTo(8192 * MIB);
  }

  @Test
  void ofThisMachine() {
    MachineMemory now = MachineMemory.now();
    assertThat(now.free()).isPositive().isLessThanOrEqualTo(now.limit());
    assertThat(now.own()).isPositive();
    assertThat(now.describe()).matches("\\d+ MiB free of \\d+ MiB( \\(the container's limit\\))?");
  }
}
