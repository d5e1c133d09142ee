package dev.strata.udfs.tensor;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.reflect.Field;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import sun.misc.Unsafe;

class NativeHeapTest {

  private static final int PIECES = 2000;
  private static final int BYTES = 64 << 10;
  private static final long ALL_KIB = (long) PIECES * BYTES >> 10;

  @Test
  @EnabledOnOs(OS.LINUX)
  void freedMemoryGoesBackToTheOperatingSystem() throws Exception {
    Field field = Unsafe.class.getDeclaredField("theUnsafe");
    field.setAccessible(true);
    Unsafe memory = (Unsafe) field.get(null);
    long[] pieces = new long[PIECES];
    for (int i = 0; i < PIECES; i++) {
      pieces[i] = memory.allocateMemory(BYTES);
      memory.setMemory(pieces[i], BYTES, (byte) 1);
    }
    for (int i = 0; i < PIECES - 1; i++) {
      memory.freeMemory(pieces[i]);
    }
    long before = residentKib();
    NativeHeap.trim();
    assertThat(residentKib())
        .as("while the last piece holds the end of the heap")
        .isLessThan(before - ALL_KIB / 2);
    memory.freeMemory(pieces[PIECES - 1]);
  }

  private static long residentKib() throws Exception {
    return Files.readAllLines(Path.of("/proc/self/status")).stream()
        .filter(line -> line.startsWith("VmRSS:"))
        .mapToLong(line -> Long.parseLong(line.replaceAll("[^0-9]", "")))
        .findFirst()
        .orElseThrow();
  }
}
