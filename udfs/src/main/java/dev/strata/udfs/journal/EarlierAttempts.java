package dev.strata.udfs.journal;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What earlier attempts produced for the rows of some buckets. A row is taken whole, from the
 * attempt that got furthest with it: two may have chosen differently between two tokens that are
 * equally likely.
 */
final class EarlierAttempts implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(EarlierAttempts.class);

  private final BufferAllocator allocator = new RootAllocator();
  private final HeldRows rows = new HeldRows(allocator);
  private final List<SegmentName> segments;

  private EarlierAttempts(List<SegmentName> segments) {
    this.segments = segments;
  }

  static EarlierAttempts read(JournalDirectory directory, Buckets buckets) throws IOException {
    EarlierAttempts attempts = new EarlierAttempts(directory.list(buckets));
    try {
      attempts.read(directory);
      return attempts;
    } catch (Throwable e) {
      attempts.close();
      throw e;
    }
  }

  private void read(JournalDirectory directory) throws IOException {
    List<SegmentName> ofOne = new ArrayList<>();
    for (SegmentName name : segments) {
      if (!ofOne.isEmpty() && !ofOne.get(0).attempt().equals(name.attempt())) {
        readAttempt(directory, ofOne);
        ofOne.clear();
      }
      ofOne.add(name);
    }
    readAttempt(directory, ofOne);
  }

  private void readAttempt(JournalDirectory directory, List<SegmentName> ofOne) throws IOException {
    try (HeldRows own = new HeldRows(allocator)) {
      long next = 0;
      for (SegmentName name : ofOne) {
        // What a whole one was made of is still there where a process was killed just then.
        Optional<byte[]> bytes = name.last() < next ? Optional.empty() : directory.read(name);
        if (bytes.isPresent()) {
          decode(name, bytes.get(), own);
          next = name.last() + 1;
        }
      }
      for (RowKey key : own.keys()) {
        RowEntry known = rows.get(key);
        RowEntry found = own.get(key);
        if (known == null || found.isAheadOf(known)) {
          rows.put(found);
        }
      }
    }
  }

  private static void decode(SegmentName name, byte[] bytes, HeldRows own) {
    try {
      SegmentCodec.decode(bytes, entry -> add(own, entry));
    } catch (IOException | RuntimeException e) { // whole, and yet not of this version
      LOG.warn("{} cannot be read: its rows are computed again", name, e);
    }
  }

  /** What does not begin where the row is so far has lost what was between, and is of no use. */
  private static void add(HeldRows own, RowEntry entry) {
    RowEntry before = own.get(entry.key());
    RowEntry now = before == null ? entry : before.followedBy(entry);
    if (now != null && now.from() == 0) {
      own.put(now);
    }
  }

  /** What is known of a row, from its first token on; null if nothing is. */
  RowEntry find(RowKey key) {
    return rows.get(key);
  }

  /** All that is known, each row when it is asked for. */
  Iterable<RowEntry> rows() {
    return () -> rows.keys().stream().map(rows::get).iterator();
  }

  int size() {
    return rows.size();
  }

  /** What was read. */
  List<SegmentName> segments() {
    return segments;
  }

  @Override
  public void close() {
    rows.close();
    allocator.close();
  }
}
