package dev.strata.udfs.journal;

import java.io.IOException;
import org.apache.hadoop.conf.Configuration;

/** What a run's journal says of some buckets, for somebody who does not write to it. */
public final class JournalState {

  private final JournalDirectory directory;

  private JournalState(JournalDirectory directory) {
    this.directory = directory;
  }

  /** The journal at a location, whose directory need not be there. */
  public static JournalState at(Configuration conf, String location) throws IOException {
    return new JournalState(JournalDirectory.at(conf, location));
  }

  /**
   * Whether rows of the buckets were in a process, or are, so that the rows in flight say which.
   *
   * @param jvm names the process, as {@link Attempt#jvm(String, String)} does
   */
  public boolean hasRowsInFlight(String jvm, Buckets buckets) throws IOException {
    return directory.names().stream()
        .flatMap(name -> InFlightName.parse(name).stream())
        .anyMatch(rows -> rows.isOf(jvm) && rows.buckets().overlaps(buckets));
  }

  /** How much of the buckets' rows there is: a number that grows with each token and each end. */
  public long produced(Buckets buckets) throws IOException {
    try (EarlierAttempts attempts = EarlierAttempts.read(directory, buckets)) {
      long produced = 0;
      for (RowEntry row : attempts.rows()) {
        produced += row.end() + (row.isFinished() ? 1 : 0);
      }
      return produced;
    }
  }
}
