package dev.strata.udfs.journal;

import java.io.IOException;
import java.util.List;
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
    try (HeldRows own = new HeldRows(allocator)) {
      SegmentWalk.walk(directory, segments, new Reading(own));
    }
  }

  /** Takes in one attempt after another. */
  private final class Reading implements SegmentWalk.Visitor {

    private final HeldRows own;

    /**
     * @param own for what the attempt that is being read produced
     */
    private Reading(HeldRows own) {
      this.own = own;
    }

    @Override
    public void entry(RowEntry entry) {
      add(own, entry);
    }

    @Override
    public void endAttempt() {
      for (RowKey key : own.keys()) {
        RowEntry known = rows.get(key);
        RowEntry found = own.get(key);
        if (known == null || found.isAheadOf(known)) {
          rows.put(found);
        }
      }
      own.clear();
    }

    @Override
    public void damaged(SegmentName name, Exception why) {
      LOG.warn("{} cannot be read: its rows are computed again", name, why);
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
