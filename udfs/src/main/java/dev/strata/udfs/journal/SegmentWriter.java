package dev.strata.udfs.journal;

import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Writes the segments of one attempt, and merges them: as soon as there are {@link #FAN_IN} of one
 * level they become one of the next, so that an attempt of n flushes has no more than some {@code
 * FAN_IN · log n} of them. For one thread.
 */
final class SegmentWriter {

  /** How many segments are merged into one. */
  static final int FAN_IN = 16;

  /** No segment takes more rows once they are this large. */
  private static final long FULL_BYTES = 8L << 20;

  private record Written(SegmentName name, int level) {}

  private final JournalDirectory directory;
  private final Attempt attempt;
  private final List<Written> written = new ArrayList<>();
  private long next;

  SegmentWriter(JournalDirectory directory, Attempt attempt) {
    this.directory = directory;
    this.attempt = attempt;
  }

  /** Writes entries in their order, in as many segments as they fill. */
  void write(Iterable<RowEntry> entries) throws IOException {
    List<RowEntry> segment = new ArrayList<>();
    long bytes = 0;
    for (RowEntry entry : entries) {
      segment.add(entry);
      bytes += entry.bytes();
      if (bytes >= FULL_BYTES) {
        writeSegment(segment);
        segment.clear();
        bytes = 0;
      }
    }
    if (!segment.isEmpty()) {
      writeSegment(segment);
    }
  }

  private void writeSegment(List<RowEntry> entries) throws IOException {
    byte[] bytes = SegmentCodec.encode(entries);
    SegmentName name = SegmentName.of(attempt.buckets(), attempt.name(), next, next, bytes);
    directory.write(name.toString(), bytes);
    next++;
    written.add(new Written(name, 0));
  }

  /** Merges what is due. */
  void compact() throws IOException {
    for (List<Written> due = due(); !due.isEmpty(); due = due()) {
      merge(due);
    }
  }

  /** The last segments, if there are enough of one level; those before them have higher ones. */
  private List<Written> due() {
    int size = written.size();
    if (size < FAN_IN) {
      return List.of();
    }
    List<Written> last = written.subList(size - FAN_IN, size);
    boolean isDue = last.stream().allMatch(one -> one.level() == last.get(0).level());
    return isDue ? List.copyOf(last) : List.of();
  }

  private void merge(List<Written> parts) throws IOException {
    Map<RowKey, RowEntry> rows = new LinkedHashMap<>();
    List<RowEntry> apart = new ArrayList<>();
    for (Written part : parts) {
      Optional<byte[]> bytes = directory.read(part.name());
      if (bytes.isPresent()) {
        SegmentCodec.decode(bytes.get(), entry -> merge(rows, apart, entry));
      }
    }
    apart.addAll(rows.values());
    byte[] bytes = SegmentCodec.encode(apart);
    SegmentName first = parts.get(0).name();
    SegmentName last = parts.get(parts.size() - 1).name();
    SegmentName merged =
        SegmentName.of(attempt.buckets(), attempt.name(), first.first(), last.last(), bytes);
    directory.write(merged.toString(), bytes);
    written.removeAll(parts);
    written.add(new Written(merged, parts.get(0).level() + 1));
    parts.forEach(part -> directory.delete(part.name().toString()));
  }

  /** Where a part was lost what follows stays an entry of its own, which readers leave out. */
  private static void merge(Map<RowKey, RowEntry> rows, List<RowEntry> apart, RowEntry entry) {
    RowEntry before = rows.get(entry.key());
    RowEntry both = before == null ? entry : before.followedBy(entry);
    if (both == null) {
      apart.add(before);
      both = entry;
    }
    rows.put(entry.key(), both);
  }
}
