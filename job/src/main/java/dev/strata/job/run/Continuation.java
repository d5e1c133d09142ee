package dev.strata.job.run;

import dev.strata.job.dataset.Replacement;
import dev.strata.udfs.api.GenerationOptions;
import dev.strata.udfs.api.StrataConf;
import dev.strata.udfs.api.StrataKeys;
import dev.strata.udfs.spark.RunJournal;
import java.io.IOException;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
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
   * The journal that the keys ask for.
   *
   * @param isPlaceTaken whether the output's place is this run's alone, and one can write beside it
   * @throws dev.strata.udfs.api.StrataException if what is there is of another run
   */
  static Continuation of(
      StrataConf conf, GenerationOptions options, Configuration hadoop, boolean isPlaceTaken)
      throws IOException {
    Duration interval = conf.get(StrataKeys.JOURNAL_INTERVAL);
    Optional<String> location = location(conf, hadoop, isPlaceTaken);
    if (location.isEmpty() || interval.equals(NEVER)) {
      return new Continuation(null, hadoop);
    }
    return new Continuation(
        RunJournal.open(hadoop, location.get(), interval, options, conf.get(StrataKeys.FRESH)),
        hadoop);
  }

  /** Throws away what a run left beside its output that was killed when that was there. */
  static void forget(StrataConf conf, Configuration hadoop) throws IOException {
    Path left = Replacement.journal(hadoop, conf.require(StrataKeys.OUTPUT));
    new RunJournal(left.toString(), NEVER).remove(hadoop);
  }

  private static Optional<String> location(
      StrataConf conf, Configuration hadoop, boolean isPlaceTaken) throws IOException {
    Optional<String> named = conf.find(StrataKeys.JOURNAL_DIR);
    return named.isPresent() || !isPlaceTaken
        ? named
        : Optional.of(Replacement.journal(hadoop, conf.require(StrataKeys.OUTPUT)).toString());
  }

  /** Notes in the journal how executors end, until it is closed. */
  AutoCloseable watch(SparkContext context) {
    return journal == null ? () -> {} : journal.watch(context);
  }

  /** The output is there, and nothing is to be continued. */
  void end() {
    if (journal != null) {
      journal.remove(hadoop);
    }
  }
}
