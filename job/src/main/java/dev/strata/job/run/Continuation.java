package dev.strata.job.run;

import dev.strata.job.dataset.Replacement;
import dev.strata.udfs.api.StrataConf;
import dev.strata.udfs.api.StrataKeys;
import dev.strata.udfs.spark.RunJournal;
import java.io.IOException;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.Map;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.spark.SparkContext;

/**
 * The journal of a run: where it is, when it begins, and that it goes once the output is there. It
 * stays where the run fails, for the next.
 *
 * @param journal null where there is none
 */
record Continuation(RunJournal journal, Configuration hadoop) {

  private static final Duration NEVER = ChronoUnit.FOREVER.getDuration();

  /**
   * The journal that the keys ask for, with a note of the run that it is of.
   *
   * @param isPlaceTaken whether the output's place is this run's alone, and one can write beside it
   * @throws dev.strata.udfs.api.StrataException if what is there is of another run
   */
  static Continuation of(RunSession session, boolean isPlaceTaken) throws IOException {
    return of(session, Map.of(), session.conf().get(StrataKeys.FRESH), isPlaceTaken);
  }

  /**
   * The same for a run that is more than its options.
   *
   * @param more what else it is, by what it is called in messages
   * @param fresh whether what is there is thrown away
   */
  static Continuation of(
      RunSession session, Map<String, String> more, boolean fresh, boolean isPlaceTaken)
      throws IOException {
    StrataConf conf = session.conf();
    Configuration hadoop = session.hadoop();
    Duration interval = conf.get(StrataKeys.JOURNAL_INTERVAL);
    Optional<String> location = location(conf, hadoop, isPlaceTaken);
    if (location.isEmpty() || interval.equals(NEVER)) {
      return new Continuation(null, hadoop);
    }
    RunJournal journal =
        RunJournal.open(hadoop, location.get(), interval, session.basis(more), fresh);
    OutputRecord.note(hadoop, new Path(location.get()), session.json()::running);
    return new Continuation(journal, hadoop);
  }

  /** Throws away what a run left beside its output that was killed when that was there. */
  static void forget(StrataConf conf, Configuration hadoop) throws IOException {
    Path left = Replacement.journal(hadoop, conf.require(StrataKeys.OUTPUT));
    new RunJournal(left.toString(), NEVER).remove(hadoop);
  }

  /** Throws away the journal of the very run that an output is of, which was killed thereafter. */
  static void forgetThatOf(Path output, RunSession session) throws IOException {
    Optional<String> journal = location(session.conf(), session.hadoop(), true);
    if (journal.isPresent()
        && OutputRecord.areOfOneRun(session.hadoop(), output, new Path(journal.get()))) {
      new RunJournal(journal.get(), NEVER).remove(session.hadoop());
    }
  }

  static Optional<String> location(StrataConf conf, Configuration hadoop, boolean isPlaceTaken)
      throws IOException {
    Optional<String> named = conf.find(StrataKeys.JOURNAL_DIR);
    return named.isPresent() || !isPlaceTaken
        ? named
        : Optional.of(Replacement.journal(hadoop, conf.require(StrataKeys.OUTPUT)).toString());
  }

  /** Notes in the journal how executors end, until it is closed. */
  AutoCloseable watch(SparkContext context) {
    return journal == null ? () -> {} : journal.watch(context);
  }

  /** What the journal knows of partitions. */
  TaskFailures.Partitions partitions(String application) {
    if (journal == null) {
      return TaskFailures.Partitions.UNKNOWN;
    }
    return new TaskFailures.Partitions() {
      @Override
      public boolean hadRows(String executor, int partition, int partitions) throws IOException {
        return journal.hasRowsInFlight(hadoop, application, executor, partition, partitions);
      }

      @Override
      public long produced(int partition, int partitions) throws IOException {
        return journal.produced(hadoop, partition, partitions);
      }
    };
  }

  /** The output is there, and nothing is to be continued. */
  void end() {
    if (journal != null) {
      journal.remove(hadoop);
    }
  }
}
