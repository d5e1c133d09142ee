package dev.strata.udfs.journal;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.zip.CRC32C;

/**
 * A segment's name, which says what it holds and how to know that it is whole: {@code
 * 00000-08000_1f0c9a3b77d0e1c2_0-31_73512_5be1c07a.arrow}.
 *
 * @param buckets those of the task that wrote it
 * @param attempt who wrote it, as a name that nobody else has
 * @param first its place among the attempt's segments
 * @param last the same, or that of the last of several that it was made of
 * @param length its bytes
 * @param checksum the CRC-32C of them
 */
record SegmentName(
    Buckets buckets, String attempt, long first, long last, long length, int checksum) {

  private static final Pattern FORM =
      Pattern.compile(
          "(\\p{XDigit}{5})-(\\p{XDigit}{5})_(\\p{XDigit}{16})_(\\d{1,15})-(\\d{1,15})_(\\d{1,15})"
              + "_(\\p{XDigit}{8})\\.arrow");
  private static final int HEX = 16;

  /** The name of some bytes. */
  static SegmentName of(Buckets buckets, String attempt, long first, long last, byte[] bytes) {
    return new SegmentName(buckets, attempt, first, last, bytes.length, checksum(bytes));
  }

  /** Empty for what is no segment. */
  static Optional<SegmentName> parse(String name) {
    Matcher parts = FORM.matcher(name);
    if (!parts.matches()) {
      return Optional.empty();
    }
    return Buckets.parse(parts.group(1), parts.group(2))
        .map(
            buckets ->
                new SegmentName(
                    buckets,
                    parts.group(3),
                    Long.parseLong(parts.group(4)),
                    Long.parseLong(parts.group(5)),
                    Long.parseLong(parts.group(6)),
                    Integer.parseUnsignedInt(parts.group(7), HEX)));
  }

  /** The CRC-32C of some bytes. */
  static int checksum(byte[] bytes) {
    CRC32C crc = new CRC32C();
    crc.update(bytes);
    return (int) crc.getValue();
  }

  /** Whether these are all its bytes, as they were written. */
  boolean isOf(byte[] bytes) {
    return bytes.length == length && checksum(bytes) == checksum;
  }

  @Override
  public String toString() {
    return "%05x-%05x_%s_%d-%d_%d_%08x.arrow"
        .formatted(buckets.from(), buckets.to(), attempt, first, last, length, checksum);
  }
}
