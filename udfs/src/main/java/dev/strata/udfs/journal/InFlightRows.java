package dev.strata.udfs.journal;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Collection;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps a file with the rows that an attempt has in the engine, which stays where its JVM dies and
 * goes where the attempt ends in any other way. So it says who was there. It outlives the process,
 * and need not outlive the machine, whose end is nobody's fault. For one thread.
 */
final class InFlightRows {

  private static final Logger LOG = LoggerFactory.getLogger(InFlightRows.class);

  private final JournalDirectory directory;
  private final Attempt attempt;
  private InFlightName written; // null for none
  private long next;
  private boolean isTold;

  InFlightRows(JournalDirectory directory, Attempt attempt) {
    this.directory = directory;
    this.attempt = attempt;
  }

  /** Replaces what was written. Where that fails, rows go on without: it is told once. */
  void set(Collection<RowKey> rows) {
    ByteBuffer keys = ByteBuffer.allocate(rows.size() * RowKey.BYTES);
    rows.forEach(row -> keys.put(row.bytes()));
    try {
      write(keys.array());
    } catch (IOException | RuntimeException e) {
      if (!isTold) {
        LOG.warn(
            "{} cannot take down which rows the engine has; should one of them end the JVM, it will"
                + " not be known which: {}",
            directory,
            e.getMessage(),
            e);
      }
      isTold = true;
    }
  }

  private void write(byte[] keys) throws IOException {
    InFlightName name = InFlightName.of(attempt, next, keys);
    directory.writeQuickly(name.toString(), keys);
    next++;
    InFlightName before = written;
    written = name;
    if (before != null) {
      directory.delete(before.toString());
    }
  }

  /** The engine has no row of the attempt any more. */
  void clear() {
    if (written != null) {
      directory.delete(written.toString());
      written = null;
    }
  }
}
