package dev.strata.udfs.journal;

import java.io.IOException;
import java.time.Duration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Looks now and then how much room a journal's file system has, so that a person hears of it before
 * a write fails. For one thread.
 */
final class SpaceWatch {

  private static final Logger LOG = LoggerFactory.getLogger(SpaceWatch.class);

  /** Where others write as well, this is soon gone. */
  private static final long LITTLE_BYTES = 256L << 20;

  private static final Duration PERIOD = Duration.ofMinutes(1);

  private final JournalDirectory directory;
  private final long little;
  private long looked = System.nanoTime() - PERIOD.toNanos();
  private boolean told;

  SpaceWatch(JournalDirectory directory) {
    this(directory, LITTLE_BYTES);
  }

  SpaceWatch(JournalDirectory directory, long little) {
    this.directory = directory;
    this.little = little;
  }

  /** To be called as often as one likes. */
  void look() {
    long now = System.nanoTime();
    if (now - looked >= PERIOD.toNanos()) {
      looked = now;
      tell();
    }
  }

  private void tell() {
    try {
      long free = directory.free();
      if (free < little && !told) {
        LOG.warn(
            "only {} MiB are free where the journal {} is; make room before rows wait for it",
            free >> 20,
            directory);
      }
      told = free < little;
    } catch (IOException | RuntimeException e) { // a write will say more
      LOG.debug("nobody says how much is free in {}", directory, e);
    }
  }
}
