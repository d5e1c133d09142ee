package dev.strata.udfs.spark;

import com.sun.management.OperatingSystemMXBean;
import dev.strata.udfs.api.ExecutorMemory;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.apache.spark.SparkConf;

/** What limits the memory of this executor. */
final class Container {

  /** Masters that let an executor take what the machine has. */
  private static final Pattern WITHOUT_OVERHEAD = Pattern.compile("local(\\[.*])?|spark://.*");

  /** Spark's own overhead where none is set: this fraction of the heap, and at least so much. */
  private static final double DEFAULT_FACTOR = 0.1;

  private static final long DEFAULT_LEAST_MEBIBYTES = 384;

  private static final Path MEMORY = Path.of("/proc/meminfo");
  private static final Pattern TOTAL = Pattern.compile("MemTotal:\\s+(\\d+) kB");

  private Container() {}

  /**
   * Checks that an engine fits beside the heap.
   *
   * @throws dev.strata.udfs.api.StrataException if it does not, with the number to set
   */
  static void require(SparkConf conf, long hostMemory) {
    if (!WITHOUT_OVERHEAD.matcher(conf.get("spark.master", "local")).matches()) {
      ExecutorMemory.requireOverhead(overheadMebibytes(conf), hostMemory);
    }
    OptionalLong limit = limit();
    if (limit.isPresent()) {
      long heap = Runtime.getRuntime().maxMemory();
      ExecutorMemory.requireLimit(limit.getAsLong(), heap, hostMemory);
    }
  }

  static long overheadMebibytes(SparkConf conf) {
    long heap = conf.getSizeAsMb("spark.executor.memory", "1g");
    double factor = conf.getDouble("spark.executor.memoryOverheadFactor", DEFAULT_FACTOR);
    long otherwise = Math.max((long) (factor * heap), DEFAULT_LEAST_MEBIBYTES);
    return conf.getSizeAsMb(ExecutorMemory.OVERHEAD_KEY, otherwise + "m");
  }

  /** The limit of the control group, if there is one: the JDK knows both versions of them. */
  private static OptionalLong limit() {
    OperatingSystemMXBean system =
        (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
    long most = system.getTotalMemorySize();
    OptionalLong machine = machine();
    return machine.isPresent() && most < machine.getAsLong()
        ? OptionalLong.of(most)
        : OptionalLong.empty();
  }

  private static OptionalLong machine() {
    try {
      Matcher total = TOTAL.matcher(Files.readString(MEMORY));
      return total.find()
          ? OptionalLong.of(Long.parseLong(total.group(1)) << 10)
          : OptionalLong.empty();
    } catch (IOException e) {
      return OptionalLong.empty(); // not Linux, where there are no control groups
    }
  }
}
