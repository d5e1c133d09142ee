package dev.strata.udfs.tensor;

import dev.strata.udfs.concurrent.Daemons;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Function;

/** Looks at a GPU's memory now and then, for as long as it is open. */
public final class DeviceMemoryWatch implements AutoCloseable {

  private static final Duration OFTEN = Duration.ofMillis(100);
  private static final Duration FIRST = Duration.ofSeconds(1);
  private static final Duration SELDOM = Duration.ofSeconds(30);

  private final DeviceMemoryPeak peak;
  private final Function<String, List<String>> nvidiaSmi;
  private final Duration longest;
  private final Thread thread;
  private Duration pause;

  private DeviceMemoryWatch(
      DeviceMemoryPeak peak,
      Function<String, List<String>> nvidiaSmi,
      Duration first,
      Duration longest) {
    this.peak = peak;
    this.nvidiaSmi = nvidiaSmi;
    this.pause = first;
    this.longest = longest;
    this.thread = Daemons.thread("strata-nvidia-smi", this::watch);
  }

  /**
   * Watches what takes seconds, ten times in each.
   *
   * @param device an engine's, which has not taken memory yet
   * @return empty where the device is not a GPU, or nothing is known of it
   */
  public static Optional<DeviceMemoryWatch> often(String device) {
    return isGpu(device) ? start(q -> NvidiaSmi.ask(device, q), OFTEN, OFTEN) : Optional.empty();
  }

  /** The same for what takes hours: soon at the beginning, then twice a minute. */
  public static Optional<DeviceMemoryWatch> seldom(String device) {
    return isGpu(device) ? start(q -> NvidiaSmi.ask(device, q), FIRST, SELDOM) : Optional.empty();
  }

  /** Whether it is or may be one. */
  private static boolean isGpu(String device) {
    return device.equals("auto") || device.startsWith("cuda");
  }

  /**
   * Starts watching.
   *
   * @param nvidiaSmi answers a query with lines
   * @param first the time between the first two looks; it doubles from look to look
   * @param longest where it ends
   */
  static Optional<DeviceMemoryWatch> start(
      Function<String, List<String>> nvidiaSmi, Duration first, Duration longest) {
    OptionalLong before = DeviceMemoryPeak.mebibytes(nvidiaSmi.apply("gpu=memory.used"));
    if (before.isEmpty()) {
      return Optional.empty();
    }
    DeviceMemoryPeak peak = new DeviceMemoryPeak(ProcessHandle.current().pid(), before.getAsLong());
    DeviceMemoryWatch watch = new DeviceMemoryWatch(peak, nvidiaSmi, first, longest);
    watch.thread.start();
    return Optional.of(watch);
  }

  private void watch() {
    try {
      while (true) {
        peak.sawProcesses(nvidiaSmi.apply("compute-apps=pid,used_memory"));
        peak.sawTotal(nvidiaSmi.apply("gpu=memory.used"));
        Thread.sleep(pause.toMillis());
        pause = pause.multipliedBy(2).compareTo(longest) < 0 ? pause.multipliedBy(2) : longest;
      }
    } catch (InterruptedException e) {
      // closed
    }
  }

  /** What has been seen so far. */
  public DeviceMemoryPeak peak() {
    return peak;
  }

  @Override
  public void close() {
    thread.interrupt();
  }
}
