package dev.strata.udfs.tensor;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.management.BufferPoolMXBean;
import java.lang.management.ManagementFactory;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;

@Timeout(60)
class NativeHeapTest {

  private static final int PIECES = 2000;
  private static final int BYTES = 64 << 10;
  private static final long ALL = (long) PIECES * BYTES;

  @Test
  @EnabledOnOs(OS.LINUX)
  void freedMemoryGoesBackToTheOperatingSystem() throws Exception {
    long others = directBytes();
    List<ByteBuffer> pieces = new ArrayList<>();
    for (int i = 0; i < PIECES; i++) {
      pieces.add(ByteBuffer.allocateDirect(BYTES));
    }
    ByteBuffer last = pieces.get(PIECES - 1); // holds the end of the heap
    pieces.clear();
    while (directBytes() > others + ALL / 10) {
      System.gc();
      Thread.sleep(20);
    }
    long before = residentKib();
    NativeHeap.trim();
    assertThat(residentKib()).isLessThan(before - (ALL >> 10) / 2);
    assertThat(last.capacity()).isEqualTo(BYTES);
  }

  private static long directBytes() {
    return ManagementFactory.getPlatformMXBeans(BufferPoolMXBean.class).stream()
        .filter(pool -> pool.getName().equals("direct"))
        .mapToLong(BufferPoolMXBean::getMemoryUsed)
        .sum();
  }

  private static long residentKib() throws Exception {
    return Files.readAllLines(Path.of("/proc/self/status")).stream()
        .filter(line -> line.startsWith("VmRSS:"))
        .mapToLong(line -> Long.parseLong(line.replaceAll("[^0-9]", "")))
        .findFirst()
        .orElseThrow();
  }
}
