package dev.strata.job.run;

import dev.strata.job.dataset.DataErrors;
import dev.strata.job.dataset.Input;
import dev.strata.job.dataset.Output;
import dev.strata.job.dataset.OutputPlace;
import dev.strata.job.dataset.Replacement;
import dev.strata.job.progress.ProgressListener;
import dev.strata.job.report.KeptRun;
import dev.strata.job.report.KeptRuns;
import dev.strata.job.report.RetryReport;
import dev.strata.job.report.RunReport;
import dev.strata.udfs.api.StrataConf;
import dev.strata.udfs.api.StrataException;
import dev.strata.udfs.api.StrataKeys;
import dev.strata.udfs.lock.RunLock;
import dev.strata.udfs.spark.EngineStats;
import dev.strata.udfs.spark.ErrorReasons;
import dev.strata.udfs.spark.RunProgress;
import java.io.IOException;
import java.io.PrintStream;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

/** A run that asks the failed rows of an output again, and replaces the output as a whole. */
final class RetryRun {

  /** A journal is continued by the retry of the same output alone. */
  private static final String WHAT_IS_RETRIED = "the run whose failed rows are asked again";

  private final RunSession session;
  private final Configuration hadoop;
  private final String location;
  private final Optional<Instant> retried;
  private final long start = System.nanoTime();

  /**
   * @param retried when the run was started whose failed rows are asked again; empty where that is
   *     not known
   */
  RetryRun(RunSession session, Optional<Instant> retried) {
    this.session = session;
    this.hadoop = session.hadoop();
    this.location = session.conf().require(StrataKeys.OUTPUT);
    this.retried = retried;
  }

  /** What a retry would run. Changes nothing. */
  RowsToRun rowsToRun() throws IOException {
    return rows().toRun();
  }

  private RowsAgain rows() throws IOException {
    return RowsAgain.of(session, location, runs().last().flatMap(KeptRun::schema));
  }

  private KeptRuns runs() throws IOException {
    return record(new Path(location)).read();
  }

  private OutputRecord record(Path directory) throws IOException {
    return OutputRecord.in(hadoop, directory);
  }

  /**
   * Asks the rows again, if there are any.
   *
   * @throws StrataException if another run holds the output, or it is not what it was a moment ago
   */
  Outcome execute(PrintStream console) throws Exception {
    RunLock lock =
        OutputPlace.claim(hadoop, location, session.spark().sparkContext().applicationId());
    try (lock) {
      Replacement replacement = Replacement.of(hadoop, location);
      requireSame();
      return execute(replacement, lock, console);
    } catch (IOException e) {
      throw DataErrors.output(location, e);
    }
  }

  private void requireSame() throws IOException {
    if (!runs().last().map(KeptRun::started).equals(retried)) {
      throw StrataException.data(
          "the output %s was replaced by another run just now; start again", location);
    }
  }

  private Outcome execute(Replacement replacement, RunLock lock, PrintStream console)
      throws Exception {
    RowsAgain again = rows();
    RowTally tally = again.tally();
    if (tally.askable() == 0) {
      Continuation.forgetThatOf(new Path(location), session);
      return Outcome.nothing(
          RetryReport.nothingToDo(location, tally.rows(), tally.refused().rows()));
    }
    EngineStats stats = EngineStats.register(session.spark());
    ProgressListener listener = new ProgressListener(stats);
    session.expect(tally.rows() - again.kept(), stats, listener);
    Supplier<RunReport> report = () -> report(listener, again);
    replace(replacement, lock, again, stats, listener, report, console);
    RunReport done = report.get();
    String text =
        new RetryReport(done, tally.askable(), tally.rows(), tally.refused().rows()).text();
    return new Outcome(Optional.of(done), text);
  }

  private RunReport report(ProgressListener listener, RowsAgain again) {
    RunProgress progress = listener.progress();
    ErrorReasons errors = again.keptErrors().plus(progress.rows().reasons());
    return new RunReport(
        progress,
        Duration.ofNanos(System.nanoTime() - start),
        location,
        new RunReport.Reuse(again.kept(), false, errors),
        listener.course());
  }

  private void replace(
      Replacement replacement,
      RunLock lock,
      RowsAgain again,
      EngineStats stats,
      ProgressListener listener,
      Supplier<RunReport> report,
      PrintStream console)
      throws Exception {
    try {
      Continuation earlier = continuation(again.session());
      Dataset<Row> rows =
          again.whole().apply(again.session().completed(again.rows(), stats, earlier.journal()));
      Output part = part(replacement, again);
      part.accept(new Input(rows, again.format(), List.of(), null, null), rows.schema());
      session.write(rows, part, earlier, listener, report, console);
      OutputRecord.keepThoseBefore(hadoop, new Path(location), replacement.part());
      lock.check();
      replacement.commit();
      earlier.end();
    } catch (Exception e) {
      replacement.discard();
      throw e;
    }
  }

  private Continuation continuation(RunSession asking) throws IOException {
    Map<String, String> more =
        Map.of(WHAT_IS_RETRIED, retried.map(Instant::toString).orElse("not known"));
    boolean fresh = session.conf().get(StrataKeys.FRESH) || isJournalOfTheOutput();
    return Continuation.of(asking, more, fresh, true);
  }

  /** It has the errors of the rows that are asked again, and no row that the output has not. */
  private boolean isJournalOfTheOutput() throws IOException {
    Optional<String> journal = Continuation.location(session.conf(), hadoop, true);
    return retried.isPresent()
        && journal.isPresent()
        && record(new Path(journal.get())).read().last().map(KeptRun::started).equals(retried);
  }

  private Output part(Replacement replacement, RowsAgain again) {
    StrataConf conf =
        session
            .conf()
            .with(StrataKeys.OUTPUT, replacement.part().toString())
            .with(StrataKeys.MODE, "error")
            .with(StrataKeys.PARTITION_BY, again.partitionBy());
    boolean isBatch = again.isBatch();
    return Output.at(
        session.spark(),
        isBatch ? conf : conf.with(StrataKeys.OUTPUT_FORMAT, again.format().word()));
  }
}
