package dev.strata.job.run;

import dev.strata.udfs.api.StrataException;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.LongSupplier;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Whether there is room for what a run writes, before it computes anything. What it writes at the
 * least is certain, at the most it is only where every row generates as many tokens as it may.
 *
 * @param inputBytes as Spark estimates them; not known where they are beyond {@link #UNKNOWN}
 * @param rows counts the input's rows, for which all of it may have to be read
 * @param newTokens the most of a row
 */
record RunSpace(long inputBytes, LongSupplier rows, int newTokens) {

  private static final Logger LOG = LoggerFactory.getLogger(RunSpace.class);

  /** No input is larger; Spark says so where it does not know. */
  static final long UNKNOWN = 1L << 50;

  /** Locks, names of rows in flight, Spark's own folders. */
  private static final long LEAST_BYTES = 1 << 20;

  /** A row's key, counts and ends in the journal. */
  private static final int JOURNAL_ROW = 40;

  /** An id, in two segments while they are merged into one. */
  private static final int JOURNAL_TOKEN = 2 * Integer.BYTES;

  /** Of text, in most languages. */
  private static final int OUTPUT_TOKEN = 6;

  private static final int SMALLEST_ROW = 2;

  /** What a row takes in a place, in bytes. */
  private record PerRow(long least, long most) {

    private PerRow plus(PerRow other) {
      return new PerRow(least + other.least, most + other.most);
    }
  }

  /**
   * Compares what is free with what may be needed.
   *
   * @param journal its directory, or null
   * @param output the directory of the output, or null where it is none
   * @throws StrataException if the run cannot be written in full
   */
  void check(Configuration hadoop, String journal, String output) {
    Map<String, PerRow> places = new LinkedHashMap<>();
    if (output != null) {
      places.put(output, new PerRow(0, (long) newTokens * OUTPUT_TOKEN));
    }
    if (journal != null) {
      places.merge(
          output != null && isBeside(journal, output) ? output : journal,
          new PerRow(JOURNAL_ROW, JOURNAL_ROW + (long) newTokens * JOURNAL_TOKEN),
          PerRow::plus);
    }
    places.forEach((place, row) -> free(hadoop, place).ifPresent(free -> check(place, row, free)));
  }

  private static boolean isBeside(String journal, String output) {
    Path parent = new Path(output).getParent();
    return parent != null
        && parent.toUri().getPath().equals(new Path(journal).getParent().toUri().getPath());
  }

  private void check(String place, PerRow row, long free) {
    boolean fitsAnyhow =
        inputBytes >= UNKNOWN || inputBytes + inputBytes / SMALLEST_ROW * row.most() < free;
    long count = fitsAnyhow ? 0 : rows.getAsLong();
    long least = LEAST_BYTES + count * row.least();
    if (free < least) {
      throw StrataException.resources(
          "%s has room for %d MiB, but the run writes at least %d MiB there, its journal included;"
              + " make room, or name another --output or --journal-dir",
          place, free >> 20, mebibytes(least));
    }
    warning(place, least + inputBytes + count * row.most(), free)
        .filter(told -> !fitsAnyhow)
        .ifPresent(LOG::warn);
  }

  private static Optional<String> warning(String place, long most, long free) {
    return most > free
        ? Optional.of(
            ("%s has room for %d MiB, and the run writes up to %d MiB there if all rows become as"
                    + " long as they may")
                .formatted(place, free >> 20, mebibytes(most)))
        : Optional.empty();
  }

  private static long mebibytes(long bytes) {
    return (bytes + (1 << 20) - 1) >> 20;
  }

  /** Bytes that a place has room for; empty where its file system does not say. */
  private static Optional<Long> free(Configuration hadoop, String place) {
    try {
      Path path = new Path(place);
      FileSystem files = path.getFileSystem(hadoop);
      Path there = files.makeQualified(path);
      while (there.getParent() != null && !isThere(files, there)) {
        there = there.getParent();
      }
      short copies = files.getDefaultReplication(there);
      return Optional.of(files.getStatus(there).getRemaining() / Math.max(1, copies));
    } catch (IOException | RuntimeException e) { // whoever writes there says more
      LOG.debug("nobody says how much is free in {}", place, e);
      return Optional.empty();
    }
  }

  private static boolean isThere(FileSystem files, Path path) throws IOException {
    try {
      return files.getFileStatus(path) != null;
    } catch (FileNotFoundException e) {
      return false;
    }
  }
}
