package dev.strata.udfs.tensor;

import java.util.List;
import java.util.stream.IntStream;

/** What segments say, for tests of those who make them. */
public final class SegmentReader {

  /** One segment. */
  public record Segment(long row, long count, long slot, long length) {}

  private SegmentReader() {}

  public static List<Segment> read(Segments segments) {
    return IntStream.range(0, segments.rows.length)
        .mapToObj(
            i ->
                new Segment(
                    segments.rows[i], segments.counts[i], segments.slots[i], segments.lengths[i]))
        .toList();
  }
}
