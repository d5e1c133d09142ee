package dev.strata.udfs.spark;

import dev.strata.udfs.api.GenerationOptions;
import dev.strata.udfs.api.StrataException;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.function.LongSupplier;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.catalyst.plans.logical.Statistics;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import scala.math.BigInt;

/**
 * Whether there is room for what a run writes, before it computes anything. What it writes at the
 * least is certain, at the most it is only where every row generates as many tokens as it may.
 *
 * @param inputBytes as Spark estimates them; not known where they are beyond {@link #UNKNOWN}
 * @param rows counts the input's rows, for which all of it may have to be read
 * @param newTokens the most of a row
 */
public record RunSpace(long inputBytes, LongSupplier rows, int newTokens) {

  private static final Logger LOG = LoggerFactory.getLogger(RunSpace.class);

  /** No input is larger; Spark says so where it does not know. */
  public static final long UNKNOWN = 1L << 50;

  /** Of a row, where neither the run nor the model says. */
  public static final int MAX_NEW_TOKENS = 256;

  /** Locks, names of rows in flight, Spark's own folders. */
  private static final long LEAST_BYTES = 1 << 20;

  /** A directory, and files and folders in it, while one of them is written. */
  private static final int LEAST_NAMES = 5;

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
   * That of a query, whose rows nobody counts before they are there.
   *
   * @param input as Spark estimates it
   */
  public static RunSpace ofQuery(Statistics input, GenerationOptions options) {
    Integer most = options.sampling().maxNewTokens();
    int newTokens = most == null ? MAX_NEW_TOKENS : most;
    return input.rowCount().isEmpty()
        ? new RunSpace(UNKNOWN, () -> 0, newTokens)
        : new RunSpace(bytes(input), () -> longValue(input.rowCount().get()), newTokens);
  }

  /** The size of an input as Spark estimates it. */
  public static long bytes(Statistics input) {
    return Math.min(UNKNOWN, longValue(input.sizeInBytes()));
  }

  private static long longValue(BigInt number) {
    return number.isValidLong() ? number.toLong() : Long.MAX_VALUE;
  }

  /**
   * Compares what is free with what may be needed.
   *
   * @param journal its directory, or null
   * @param output the directory of the output, or null where it is none
   * @throws StrataException if the run cannot be written in full
   */
  public void check(Configuration hadoop, String journal, String output) {
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
    places.forEach(
        (place, row) ->
            PlaceSpace.of(hadoop, place)
                .ifPresent(
                    space -> {
                      requireNames(place, space);
                      check(place, row, space);
                    }));
  }

  private static boolean isBeside(String journal, String output) {
    Path parent = new Path(output).getParent();
    return parent != null
        && parent.toUri().getPath().equals(new Path(journal).getParent().toUri().getPath());
  }

  private static void requireNames(String place, PlaceSpace space) {
    if (space.names() < LEAST_NAMES) {
      throw StrataException.resources(
          "%s has room for %d files%s, but the run makes at least %d there, its journal included;"
              + " %s",
          place, space.names(), within(space), LEAST_NAMES, wayOut(space));
    }
  }

  private void check(String place, PerRow row, PlaceSpace space) {
    long free = space.bytes();
    boolean fitsAnyhow =
        inputBytes >= UNKNOWN || inputBytes + inputBytes / SMALLEST_ROW * row.most() < free;
    long count = fitsAnyhow ? 0 : rows.getAsLong();
    long least = LEAST_BYTES + count * row.least();
    if (free < Math.max(least, space.least())) {
      throw StrataException.resources(
          "%s has room for %d MiB%s, but %s; %s",
          place,
          free >> 20,
          within(space),
          free < least
              ? "the run writes at least %d MiB there, its journal included"
                  .formatted(mebibytes(least))
              : "a file takes %d MiB of it until it is written".formatted(mebibytes(space.least())),
          wayOut(space));
    }
    warning(place, least + inputBytes + count * row.most(), free)
        .filter(told -> !fitsAnyhow)
        .ifPresent(LOG::warn);
  }

  private static String within(PlaceSpace space) {
    return space.quota() == null ? "" : " within the quota of " + space.quota();
  }

  private static String wayOut(PlaceSpace space) {
    return "make room, "
        + (space.quota() == null ? "" : "have the quota raised, ")
        + "or name another --output or --journal-dir";
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
}
