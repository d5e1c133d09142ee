package dev.strata.udfs.tensor;

import java.util.List;
import java.util.OptionalLong;

/**
 * The most memory that {@code nvidia-smi} counted to a process, and that the card had in use beyond
 * what was in use before. Page tables of pinned memory count to the card alone. Where process
 * numbers are those of a container it does not find the process.
 */
public final class DeviceMemoryPeak {

  private final long process;
  private final long mebibytesBefore;
  private long ofProcess;
  private long ofAll;

  DeviceMemoryPeak(long process, long mebibytesBefore) {
    this.process = process;
    this.mebibytesBefore = mebibytesBefore;
  }

  /** Of a device that is no GPU, or that nothing is known of. */
  public static DeviceMemoryPeak unknown() {
    return new DeviceMemoryPeak(0, 0);
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

  /** Bytes of the process; empty where nvidia-smi did not find it. */
  public synchronized OptionalLong processBytes() {
    return ofProcess > 0 ? OptionalLong.of(ofProcess << 20) : OptionalLong.empty();
  }

  /** Bytes of the card in use beyond those before, whoever has them. */
  public synchronized long cardBytes() {
    return Math.max(0, ofAll - mebibytesBefore) << 20;
  }
}
