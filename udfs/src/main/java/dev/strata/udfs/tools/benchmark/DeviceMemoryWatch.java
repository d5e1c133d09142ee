package dev.strata.udfs.tools.benchmark;

import dev.strata.udfs.concurrent.Daemons;
import java.util.Optional;
import java.util.OptionalLong;

/** Looks at the GPU's memory a few times a second, for as long as it is open. */
final class DeviceMemoryWatch implements AutoCloseable {

  private static final int PERIOD_MILLIS = 100;

  private final DeviceMemoryPeak peak;
  private final Thread thread;

  private DeviceMemoryWatch(DeviceMemoryPeak peak) {
    this.peak = peak;
    this.thread = Daemons.thread("strata-nvidia-smi", this::watch);
    thread.start();
  }

  /** Starts watching, before the engine takes memory; empty where there is no GPU. */
  static Optional<DeviceMemoryWatch> start() {
    OptionalLong before = DeviceMemoryPeak.mebibytes(NvidiaSmi.ask("gpu=memory.used"));
    return before.isPresent()
        ? Optional.of(
            new DeviceMemoryWatch(
                new DeviceMemoryPeak(ProcessHandle.current().pid(), before.getAsLong())))
        : Optional.empty();
  }

  private void watch() {
    try {
      while (true) {
        peak.sawProcesses(NvidiaSmi.ask("compute-apps=pid,used_memory"));
        peak.sawTotal(NvidiaSmi.ask("gpu=memory.used"));
        Thread.sleep(PERIOD_MILLIS);
      }
    } catch (InterruptedException e) {
      // closed
    }
  }

  DeviceMemoryPeak peak() {
    return peak;
  }

  @Override
  public void close() {
    thread.interrupt();
  }
}
