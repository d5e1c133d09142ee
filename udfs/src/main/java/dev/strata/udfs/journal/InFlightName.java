package dev.strata.udfs.journal;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The name of a file with the keys of rows that the engine has or is about to get: {@code
 * 00000-08000_1f0c9a3b77d0e1c2_12_512_5be1c07a.inflight}.
 *
 * @param buckets those of the task that wrote it
 * @param attempt who wrote it
 * @param sequence its place among the attempt's, of which the last counts
 * @param rows how many there are
 * @param checksum the CRC-32C of its bytes
 */
record InFlightName(Buckets buckets, String attempt, long sequence, int rows, int checksum) {

  private static final Pattern FORM =
      Pattern.compile(
          "(\\p{XDigit}{5})-(\\p{XDigit}{5})_(\\p{XDigit}{16})_(\\d{1,15})_(\\d{1,9})"
              + "_(\\p{XDigit}{8})\\.inflight");
  private static final int HEX = 16;

  /** The name of some bytes. */
  static InFlightName of(Attempt attempt, long sequence, byte[] keys) {
    return new InFlightName(
        attempt.buckets(),
        attempt.name(),
        sequence,
        keys.length / RowKey.BYTES,
        SegmentName.checksum(keys));
  }

  /** Empty for what is no such file. */
  static Optional<InFlightName> parse(String name) {
    Matcher parts = FORM.matcher(name);
    if (!parts.matches()) {
      return Optional.empty();
    }
    return Buckets.parse(parts.group(1), parts.group(2))
        .map(
            buckets ->
                new InFlightName(
                    buckets,
                    parts.group(3),
                    Long.parseLong(parts.group(4)),
                    Integer.parseInt(parts.group(5)),
                    Integer.parseUnsignedInt(parts.group(6), HEX)));
  }

  /** The process that had the rows. */
  String jvm() {
    return Attempt.jvmOf(attempt);
  }

  boolean isOf(String process) {
    return jvm().equals(process);
  }

  /** Whether these are all its bytes, as they were written. */
  boolean isOf(byte[] keys) {
    return keys.length == rows * RowKey.BYTES && SegmentName.checksum(keys) == checksum;
  }

  @Override
  public String toString() {
    return "%05x-%05x_%s_%d_%d_%08x.inflight"
        .formatted(buckets.from(), buckets.to(), attempt, sequence, rows, checksum);
  }
}
