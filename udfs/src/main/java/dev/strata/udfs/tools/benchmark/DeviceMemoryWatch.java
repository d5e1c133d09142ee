package dev.strata.udfs.tools.benchmark;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Consumer;

/**
 * The most memory that {@code nvidia-smi} saw this process hold on the GPU, asked five times a
 * second. Where process numbers are those of a container, it does not find the process; then it is
 * the GPU's memory in use less what was in use before.
 */
final class DeviceMemoryWatch implements AutoCloseable {

  private static final String PERIOD = "-lms=200";

  /**
   * What was seen.
   *
   * @param bytes at most
   * @param byProcess whether nvidia-smi told this process from others
   */
  record Peak(long bytes, boolean byProcess) {

    String method() {
      return byProcess ? "of this process" : "of the GPU, less what was in use before";
    }
  }

  private final long before;
  private final long process;
  private final Process byProcess;
  private final Process total;
  private long peakOfProcess;
  private long peakOfAll;

  private DeviceMemoryWatch(long before, long process) throws IOException {
    this.before = before;
    this.process = process;
    this.byProcess = NvidiaSmi.start("compute-apps=pid,used_memory", PERIOD);
    this.total = NvidiaSmi.start("gpu=memory.used", PERIOD);
    follow(byProcess, this::seenProcess);
    follow(total, this::seenTotal);
  }

  /** Starts watching, before the engine takes memory; empty where there is no GPU. */
  static Optional<DeviceMemoryWatch> start() throws IOException {
    OptionalLong before =
        NvidiaSmi.ask("gpu=memory.used")
            .map(DeviceMemoryWatch::number)
            .orElse(OptionalLong.empty());
    return before.isPresent()
        ? Optional.of(new DeviceMemoryWatch(before.getAsLong(), ProcessHandle.current().pid()))
        : Optional.empty();
  }

  private static OptionalLong number(String text) {
    return text.strip().matches("\\d+")
        ? OptionalLong.of(Long.parseLong(text.strip()))
        : OptionalLong.empty();
  }

  private static void follow(Process process, Consumer<String> line) {
    Thread thread =
        new Thread(
            () -> {
              try (BufferedReader lines =
                  new BufferedReader(
                      new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
                lines.lines().forEach(line);
              } catch (IOException | java.io.UncheckedIOException e) {
                // the watch was closed
              }
            },
            "strata-nvidia-smi");
    thread.setDaemon(true);
    thread.start();
  }

  /** A line such as {@code 4711, 3920}. */
  private synchronized void seenProcess(String line) {
    String[] fields = line.split(",", -1);
    if (fields.length == 2 && fields[0].strip().equals(Long.toString(process))) {
      number(fields[1]).ifPresent(mib -> peakOfProcess = Math.max(peakOfProcess, mib));
    }
  }

  private synchronized void seenTotal(String line) {
    number(line).ifPresent(mib -> peakOfAll = Math.max(peakOfAll, mib));
  }

  synchronized Peak peak() {
    return peakOfProcess > 0
        ? new Peak(peakOfProcess << 20, true)
        : new Peak(Math.max(0, peakOfAll - before) << 20, false);
  }

  @Override
  public void close() {
    byProcess.destroy();
    total.destroy();
  }
}
