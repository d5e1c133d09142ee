package dev.strata.udfs.spark;

import dev.strata.udfs.journal.DeathNote;
import dev.strata.udfs.journal.JournalContents;
import dev.strata.udfs.journal.JournalContents.Progress;
import dev.strata.udfs.journal.RunRecord;
import dev.strata.udfs.journal.Suspicion;
import java.io.IOException;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;

/**
 * What the journal of a run holds that goes on, or that did not come to its end.
 *
 * @param run what its rows depend on, by the names of options and in other words; empty where it
 *     does not say
 * @param lastWritten when something was last written to it
 * @param finished rows that have ended, with errors or without
 * @param errors why rows ended with errors
 * @param begun rows that have tokens and have not ended
 * @param tokens of the rows that were begun
 * @param inFlight rows that executors have or had when they were killed
 * @param faults executors that died by themselves
 * @param lost executors that were taken away
 * @param suspects rows that are asked apart, because executors died while they were in them
 * @param culprits of those, the ones that were alone at last, and are not asked again
 * @param damaged files that cannot be read; their rows are computed again
 */
public record JournalSummary(
    Map<String, String> run,
    Instant lastWritten,
    long finished,
    ErrorReasons errors,
    long begun,
    long tokens,
    long inFlight,
    long faults,
    long lost,
    long suspects,
    long culprits,
    long damaged) {

  /**
   * Reads a journal and changes nothing.
   *
   * @param location its directory
   * @return empty if there is none
   * @throws IOException if it cannot be read
   */
  public static Optional<JournalSummary> read(Configuration conf, String location)
      throws IOException {
    return JournalContents.read(conf, location).map(JournalSummary::of);
  }

  private static JournalSummary of(JournalContents contents) {
    List<Progress> begun = contents.rows(false);
    long faults = contents.deaths().stream().filter(DeathNote::isFault).count();
    return new JournalSummary(
        contents.run().map(RunRecord::values).orElse(Map.of()),
        contents.lastWritten(),
        contents.rows(true).size(),
        ErrorReasons.of(contents.errors()),
        begun.size(),
        begun.stream().mapToLong(Progress::tokens).sum(),
        contents.inFlight(),
        faults,
        contents.deaths().size() - faults,
        contents.suspicions().stream().filter(Suspicion::isSuspect).count(),
        contents.suspicions().stream().filter(Suspicion::isProven).count(),
        contents.damaged());
  }
}
