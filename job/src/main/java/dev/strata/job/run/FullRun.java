package dev.strata.job.run;

import dev.strata.job.dataset.Input;
import dev.strata.job.dataset.Output;
import dev.strata.job.dataset.OutputPlace;
import dev.strata.job.progress.ProgressListener;
import dev.strata.job.report.RunReport;
import dev.strata.udfs.api.StrataConf;
import dev.strata.udfs.api.StrataException;
import dev.strata.udfs.api.StrataKeys;
import dev.strata.udfs.lock.RunLock;
import dev.strata.udfs.spark.EngineStats;
import dev.strata.udfs.spark.Generation;
import java.io.IOException;
import java.io.PrintStream;
import java.time.Duration;
import java.util.Optional;
import java.util.function.Supplier;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

/** A run of all rows. */
final class FullRun {

  private final RunSession session;
  private final Output output;

  /**
   * Finds the output.
   *
   * @throws StrataException if it is there and the mode does not allow for it
   */
  FullRun(RunSession session) {
    this.session = session;
    this.output = Output.at(session.spark(), session.conf());
  }

  /** Whether the output is there and stays as it is. */
  boolean hasNothingToDo() {
    return output.exists() && session.conf().get(StrataKeys.MODE).equals("ignore");
  }

  /**
   * The rows of the input.
   *
   * @throws StrataException if they cannot be read, or the output has no place for what becomes of
   *     them
   */
  RowsToRun rows() {
    Input input = Input.open(session.spark(), session.conf());
    RunSession reading = session.reading(input);
    Dataset<Row> rows = reading.limited(input.rows());
    output.accept(
        input, Generation.schema(rows.schema(), reading.columns(rows), reading.options()));
    return ExistingIds.of(output, session)
        .map(ids -> ids.newRows(reading, rows))
        .orElseGet(() -> new RowsToRun(reading, rows, null));
  }

  /**
   * Runs with the place of the output, which is given back at the end.
   *
   * @return empty if the output stays as it is
   */
  static Optional<RunReport> executeAlone(RunSession session, PrintStream console)
      throws Exception {
    RunLock place = claim(session);
    try (place) {
      FullRun run = new FullRun(session);
      return run.hasNothingToDo()
          ? Optional.empty()
          : Optional.of(run.execute(console, place != null));
    }
  }

  /** The place of files; null where there is none, as for a table. */
  private static RunLock claim(RunSession session) {
    return session.conf().get(StrataKeys.OUTPUT_FORMAT).equals("table")
        ? null
        : OutputPlace.claimIfPossible(
                session.hadoop(),
                session.conf().require(StrataKeys.OUTPUT),
                session.spark().sparkContext().applicationId())
            .orElse(null);
  }

  private RunReport execute(PrintStream console, boolean isPlaceTaken) throws Exception {
    long start = System.nanoTime();
    EngineStats stats = EngineStats.register(session.spark());
    RowsToRun toRun = rows();
    ProgressListener listener = new ProgressListener(stats);
    Supplier<RunReport> report =
        () ->
            new RunReport(
                listener.progress(),
                Duration.ofNanos(System.nanoTime() - start),
                output.toString(),
                toRun.reuse(),
                listener.course());
    if (toRun.reuse() != null && toRun.reuse().unchanged()) {
      forget(isPlaceTaken);
    } else {
      run(toRun, stats, listener, report, console, isPlaceTaken);
    }
    return report.get();
  }

  private void forget(boolean isPlaceTaken) throws IOException {
    if (isPlaceTaken && session.conf().find(StrataKeys.JOURNAL_DIR).isEmpty()) {
      Continuation.forget(session.conf(), session.hadoop());
    }
  }

  private void run(
      RowsToRun toRun,
      EngineStats stats,
      ProgressListener listener,
      Supplier<RunReport> report,
      PrintStream console,
      boolean isPlaceTaken)
      throws Exception {
    Continuation earlier = Continuation.of(toRun.session(), isPlaceTaken);
    RowCount.of(toRun.rows()).ifPresent(rows -> session.expect(rows, stats, listener));
    Dataset<Row> completed = toRun.session().completed(toRun.rows(), stats, earlier.journal());
    session.write(completed, output, earlier, listener, report, console);
    earlier.end();
  }

  /** What to tell where the output stays. */
  static String nothingToDo(StrataConf conf) {
    return "the output %s exists already, and --mode is ignore: nothing was done"
        .formatted(conf.require(StrataKeys.OUTPUT));
  }
}
