package dev.strata.udfs.tools.benchmark;

import java.util.List;
import java.util.OptionalLong;

/**
 * The most memory that {@code nvidia-smi} saw a process hold on the GPU. Where process numbers are
 * those of a container it does not find the process; then it is the GPU's memory in use less what
 * was in use before.
 */
final class DeviceMemoryPeak {

  private final long process;
  private final long mebibytesBefore;
  private long ofProcess;
  private long ofAll;

  DeviceMemoryPeak(long process, long mebibytesBefore) {
    this.process = process;
    this.mebibytesBefore = mebibytesBefore;
  }

  /** Lines such as {@code 4711, 3920}: processes and MiB. */
  synchronized void sawProcesses(List<String> lines) {
    for (String line : lines) {
      String[] fields = line.split(",", -1);
      if (fields.length == 2 && fields[0].strip().equals(Long.toString(process))) {
        ofProcess = Math.max(ofProcess, mebibytes(List.of(fields[1])).orElse(0));
      }
    }
  }

  /** A line such as {@code 3920}: MiB in use by all. */
  synchronized void sawTotal(List<String> lines) {
    ofAll = Math.max(ofAll, mebibytes(lines).orElse(0));
  }

  /** The number that an answer begins with. */
  static OptionalLong mebibytes(List<String> lines) {
    return lines.stream()
        .map(String::strip)
        .filter(line -> line.matches("\\d+"))
        .mapToLong(Long::parseLong)
        .findFirst();
  }

  synchronized long bytes() {
    return (ofProcess > 0 ? ofProcess : Math.max(0, ofAll - mebibytesBefore)) << 20;
  }

  /** Whether nvidia-smi told the process from others. */
  synchronized boolean isOfProcess() {
    return ofProcess > 0;
  }
}
