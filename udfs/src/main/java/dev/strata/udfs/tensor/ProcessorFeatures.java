package dev.strata.udfs.tensor;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;

/** What the host's processor has instructions for, as Linux tells it. */
public final class ProcessorFeatures {

  private static final Path CPUINFO = Path.of("/proc/cpuinfo");

  private ProcessorFeatures() {}

  /**
   * Whether it multiplies bfloat16 numbers itself. Without, PyTorch's products of them run at a
   * tenth of float32's speed or less.
   */
  public static boolean multipliesBfloat16() {
    try {
      return multipliesBfloat16(Files.readAllLines(CPUINFO));
    } catch (IOException e) {
      return false; // not Linux, or nobody tells
    }
  }

  /** By the lines of {@code /proc/cpuinfo}, of x86 or of ARM. */
  static boolean multipliesBfloat16(List<String> cpuinfo) {
    return cpuinfo.stream()
        .filter(line -> line.startsWith("flags") || line.startsWith("Features"))
        .flatMap(line -> Arrays.stream(line.split("\\s+")))
        .anyMatch(List.of("avx512_bf16", "amx_bf16", "bf16")::contains);
  }
}
