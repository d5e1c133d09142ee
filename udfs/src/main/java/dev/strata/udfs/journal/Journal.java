package dev.strata.udfs.journal;

import dev.strata.udfs.api.StrataException;
import dev.strata.udfs.concurrent.Daemons;
import dev.strata.udfs.concurrent.Uninterrupted;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.apache.hadoop.conf.Configuration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One task's part of a run's journal: what earlier attempts produced for its rows, and what it
 * produces itself, which a thread of its own writes every few seconds. Any thread may add.
 *
 * <p>Where segments cannot be written they are tried again, with longer and longer pauses, while
 * the rows go on; what could not be written for long, or is much, ends the task.
 */
public final class Journal implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(Journal.class);

  /** What waits to be written may take this much before the task ends. */
  private static final long MOST_WAITING_BYTES = 256L << 20;

  private static final Duration SHORTEST = Duration.ofMillis(20);
  private static final Duration LONGEST_PAUSE = Duration.ofMinutes(1);

  /** Writing fails for this long before the task ends. */
  private static final Duration PATIENCE = Duration.ofMinutes(10);

  private final JournalDirectory directory;
  private final EarlierAttempts earlier;
  private final Deaths deaths;
  private final SegmentWriter segments;
  private final InFlightRows inFlight;
  private final Duration interval;
  private final Thread thread;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition closing = lock.newCondition();
  private Map<RowKey, RowEntry> waiting = new LinkedHashMap<>();
  private List<RowEntry> completed = new ArrayList<>();
  private long waitingBytes;
  private boolean closed;
  private volatile StrataException failure;

  private Journal(
      JournalDirectory directory,
      Attempt attempt,
      EarlierAttempts earlier,
      Deaths deaths,
      Duration interval) {
    this.directory = directory;
    this.earlier = earlier;
    this.deaths = deaths;
    this.segments = new SegmentWriter(directory, attempt);
    this.inFlight = new InFlightRows(directory, attempt);
    this.interval = interval.compareTo(SHORTEST) < 0 ? SHORTEST : interval;
    this.thread = Daemons.thread("strata-journal", this::run);
  }

  /**
   * Reads what is there of the rows of an attempt's buckets, and begins.
   *
   * @param location the run's directory, which is made where it is not there
   * @param attempt who writes
   * @param interval how long what was produced may wait until it is written
   * @throws IOException if the directory cannot be read or written
   */
  public static Journal open(
      Configuration conf, String location, Attempt attempt, Duration interval) throws IOException {
    JournalDirectory directory = JournalDirectory.at(conf, location);
    Deaths deaths = Deaths.read(directory, attempt);
    EarlierAttempts earlier = EarlierAttempts.read(directory, attempt.buckets());
    try {
      Journal journal = new Journal(directory, attempt, earlier, deaths, interval);
      journal.adopt(attempt.buckets());
      journal.thread.start();
      return journal;
    } catch (Throwable e) {
      earlier.close();
      throw e;
    }
  }

  /**
   * Writes what was found as this attempt's own, so that one reader needs one attempt, and removes
   * what nobody else needs.
   */
  private void adopt(Buckets buckets) throws IOException {
    segments.write(earlier.rows());
    earlier.segments().stream()
        .filter(name -> buckets.contains(name.buckets()))
        .forEach(name -> directory.delete(name.toString()));
  }

  /** What earlier attempts produced for a row, from its first token on; null if nothing. */
  public RowEntry find(RowKey key) {
    return earlier.find(key);
  }

  /** What speaks against a row: processes that died while it was in them. */
  public Suspicion suspicion(RowKey key) {
    return deaths.of(key);
  }

  /**
   * Takes down, before this returns, all rows that the engine has or is about to get; none once it
   * has none. For one thread.
   */
  public void inFlight(Collection<RowKey> rows) {
    if (rows.isEmpty()) {
      inFlight.clear();
    } else {
      inFlight.set(rows);
    }
  }

  /** How many rows earlier attempts produced something for. */
  public int earlierRows() {
    return earlier.size();
  }

  /** Takes what a row has produced, which follows on what it had before. Returns at once. */
  public void add(RowEntry entry) {
    lock.lock();
    try {
      RowEntry before = waiting.get(entry.key());
      RowEntry both = before == null ? entry : before.followedBy(entry);
      if (both == null) {
        completed.add(before);
        both = entry;
      }
      waiting.put(entry.key(), both);
      waitingBytes += entry.bytes();
    } finally {
      lock.unlock();
    }
  }

  /**
   * To be called from time to time.
   *
   * @throws StrataException if what was produced cannot be written any more
   */
  public void requireWritable() {
    if (failure != null) {
      throw failure;
    }
  }

  private void run() {
    Duration pause = interval;
    long failingSince = 0;
    SpaceWatch space = new SpaceWatch(directory);
    while (!awaitClosing(pause)) {
      try {
        space.look();
        flush();
        segments.compact();
        pause = interval;
        failingSince = 0;
      } catch (Throwable e) { // also one of memory, which may come back
        failingSince = failingSince == 0 ? System.nanoTime() : failingSince;
        pause = pauseAfter(e, pause, failingSince);
      }
    }
  }

  /** Tells of a failure, and says how long to wait; also where there is no memory to tell with. */
  private Duration pauseAfter(Throwable failed, Duration before, long since) {
    try {
      Duration pause = longer(before);
      LOG.warn(
          "the journal in {} cannot be written, and is tried again in {} s: {}",
          directory,
          pause.toSeconds(),
          told(failed),
          failed);
      giveUpAfter(Duration.ofNanos(System.nanoTime() - since), failed);
      return pause;
    } catch (Throwable e) {
      return LONGEST_PAUSE;
    }
  }

  /** The messages of errors say nothing by themselves. */
  private static String told(Throwable failure) {
    return failure instanceof Error ? failure.toString() : failure.getMessage();
  }

  private static Duration longer(Duration pause) {
    Duration twice = Duration.ofSeconds(1).plus(pause.multipliedBy(2));
    return twice.compareTo(LONGEST_PAUSE) > 0 ? LONGEST_PAUSE : twice;
  }

  private void giveUpAfter(Duration failing, Throwable cause) {
    if (failing.compareTo(PATIENCE) > 0 || waitingBytes() > MOST_WAITING_BYTES) {
      failure =
          new StrataException(
              StrataException.Fault.RESOURCES,
              "the journal in %s could not be written for %d s: %s; see to the file system and run"
                      .formatted(directory, failing.toSeconds(), told(cause))
                  + " the same again, which continues with what was written",
              cause);
    }
  }

  private long waitingBytes() {
    lock.lock();
    try {
      return waitingBytes;
    } finally {
      lock.unlock();
    }
  }

  private boolean awaitClosing(Duration pause) {
    lock.lock();
    try {
      long left = pause.toNanos();
      while (!closed && left > 0) {
        left = closing.awaitNanos(left);
      }
      return closed;
    } catch (InterruptedException e) {
      return true; // nobody does that
    } finally {
      lock.unlock();
    }
  }

  /** Writes all that waits. Where that fails it waits again, before what came meanwhile. */
  private void flush() throws IOException {
    Collection<RowEntry> rows = take();
    if (rows.isEmpty()) {
      return;
    }
    try {
      segments.write(rows);
    } catch (Throwable e) {
      putBack(rows);
      throw e;
    }
  }

  private Collection<RowEntry> take() {
    lock.lock();
    try {
      List<RowEntry> rows = completed;
      rows.addAll(waiting.values());
      completed = new ArrayList<>();
      waiting = new LinkedHashMap<>();
      waitingBytes = 0;
      return rows;
    } finally {
      lock.unlock();
    }
  }

  private void putBack(Collection<RowEntry> rows) {
    lock.lock();
    try {
      Collection<RowEntry> later = take();
      rows.forEach(this::add);
      later.forEach(this::add);
    } finally {
      lock.unlock();
    }
  }

  /** Writes what waits, if that can be done at once, and ends: the rows in flight are well. */
  @Override
  public void close() {
    endWithRowsInFlight();
    inFlight.clear();
    earlier.close();
  }

  /**
   * Writes what waits, if that can be done at once, and writes no more. For a process that is going
   * to die, and for the rows that are in flight not to be forgotten.
   */
  public void endWithRowsInFlight() {
    lock.lock();
    try {
      if (closed) {
        return;
      }
      closed = true;
      closing.signalAll();
    } finally {
      lock.unlock();
    }
    Uninterrupted.join(thread);
    try {
      flush();
    } catch (Throwable e) { // what was written before is kept
      LOG.warn("the last of the journal in {} could not be written: {}", directory, told(e), e);
    }
  }
}
