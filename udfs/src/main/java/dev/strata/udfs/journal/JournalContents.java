package dev.strata.udfs.journal;

import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;

/**
 * What a journal holds, the parts of all tasks together, for somebody who changes nothing. Tokens
 * are counted and not kept.
 *
 * @param run what its rows were produced with; empty where it does not say
 * @param lastWritten when something was last written
 * @param rows what is known of each row
 * @param inFlight how many rows were in processes of whose end nobody has told: those that are at
 *     work, or that were killed with their driver
 * @param suspicions what speaks against rows, of each against which something does
 * @param deaths how processes ended that were lost
 * @param damaged how many segments cannot be read
 */
public record JournalContents(
    Optional<RunRecord> run,
    Instant lastWritten,
    Collection<Progress> rows,
    int inFlight,
    Collection<Suspicion> suspicions,
    Collection<DeathNote> deaths,
    int damaged) {

  /** Segments that are merged while they are read are looked for again so often. */
  private static final int MOST_LOOKS = 3;

  /**
   * How far a row is.
   *
   * @param error null for none
   */
  public record Progress(int tokens, boolean isFinished, String error) {

    private Progress followedBy(RowEntry next) {
      return isFinished || next.from() > tokens ? this : of(next);
    }

    private static Progress of(RowEntry entry) {
      return new Progress(entry.end(), entry.isFinished(), entry.error());
    }

    private boolean isAheadOf(Progress other) {
      return isFinished == other.isFinished ? tokens > other.tokens : isFinished;
    }
  }

  /**
   * Reads a journal.
   *
   * @return empty if there is none
   * @throws IOException if the directory cannot be read; what is damaged in it is counted
   */
  public static Optional<JournalContents> read(Configuration conf, String location)
      throws IOException {
    JournalDirectory directory = JournalDirectory.at(conf, location);
    List<FileStatus> files = directory.states();
    if (files.isEmpty()) {
      return Optional.empty();
    }
    long last = files.stream().mapToLong(FileStatus::getModificationTime).max().orElseThrow();
    Reading rows = Reading.of(directory);
    Deaths deaths = Deaths.look(directory, directory.names());
    return Optional.of(
        new JournalContents(
            RunRecord.read(conf, location),
            Instant.ofEpochMilli(last),
            rows.rows.values(),
            deaths.rowsInFlight(),
            deaths.all(),
            deaths.notes(),
            rows.damaged.size()));
  }

  /** Rows that have ended, and those that have not. */
  public List<Progress> rows(boolean finished) {
    return rows.stream().filter(row -> row.isFinished() == finished).toList();
  }

  /** The errors of rows that have ended. */
  public Stream<String> errors() {
    return rows.stream().map(Progress::error).filter(Objects::nonNull);
  }

  /** One look at all segments. */
  private static final class Reading implements SegmentWalk.Visitor {

    private final Map<RowKey, Progress> rows = new HashMap<>();
    private final Map<RowKey, Progress> ofAttempt = new HashMap<>();
    private final List<SegmentName> damaged = new ArrayList<>();
    private boolean isOutdated;

    static Reading of(JournalDirectory directory) throws IOException {
      Reading reading = new Reading();
      for (int look = 0; look < MOST_LOOKS; look++) {
        reading = new Reading();
        SegmentWalk.walk(directory, directory.list(Buckets.ALL), reading);
        if (!reading.isOutdated) {
          return reading;
        }
      }
      return reading;
    }

    @Override
    public void entry(RowEntry entry) {
      Progress before = ofAttempt.get(entry.key());
      if (before != null) {
        ofAttempt.put(entry.key(), before.followedBy(entry));
      } else if (entry.from() == 0) {
        ofAttempt.put(entry.key(), Progress.of(entry));
      }
    }

    @Override
    public void endAttempt() {
      ofAttempt.forEach((key, found) -> rows.merge(key, found, (a, b) -> b.isAheadOf(a) ? b : a));
      ofAttempt.clear();
    }

    @Override
    public void damaged(SegmentName name, Exception why) {
      damaged.add(name);
    }

    @Override
    public void gone(SegmentName name) {
      isOutdated = true;
    }
  }
}
