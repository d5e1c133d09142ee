package dev.strata.job.run;

import dev.strata.job.dataset.Input;
import dev.strata.job.dataset.Output;
import dev.strata.job.dataset.OutputLock;
import dev.strata.job.dataset.OutputPlace;
import dev.strata.job.progress.ProgressListener;
import dev.strata.job.report.RunReport;
import dev.strata.udfs.api.StrataException;
import dev.strata.udfs.api.StrataKeys;
import dev.strata.udfs.spark.EngineStats;
import dev.strata.udfs.spark.Generation;
import java.io.PrintStream;
import java.time.Duration;
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
  Dataset<Row> rows() {
    Input input = Input.open(session.spark(), session.conf());
    Dataset<Row> rows = session.limited(input.rows());
    output.accept(input, Generation.schema(rows.schema(), session.columns(rows)));
    return rows;
  }

  /** The run with the place of its output, which it gives back at the end. */
  static String executeAlone(RunSession session, PrintStream console) throws Exception {
    OutputLock place = claim(session);
    try (place) {
      return new FullRun(session).execute(console);
    }
  }

  /** The place of files; null where there is none, as for a table. */
  private static OutputLock claim(RunSession session) {
    return session.conf().get(StrataKeys.OUTPUT_FORMAT).equals("table")
        ? null
        : OutputPlace.claimIfPossible(
                session.spark().sparkContext().hadoopConfiguration(),
                session.conf().require(StrataKeys.OUTPUT),
                session.spark().sparkContext().applicationId())
            .orElse(null);
  }

  /** Runs, and tells what was done. */
  private String execute(PrintStream console) throws Exception {
    if (hasNothingToDo()) {
      return nothingToDo();
    }
    long start = System.nanoTime();
    EngineStats stats = EngineStats.register(session.spark());
    Dataset<Row> completed = session.completed(rows(), stats);
    session.write(completed, output, new ProgressListener(stats), console);
    Duration time = Duration.ofNanos(System.nanoTime() - start);
    return new RunReport(stats.value(), time, output.toString()).text();
  }

  /** What to tell where the output stays. */
  String nothingToDo() {
    return "the output %s exists already, and --mode is ignore: nothing was done".formatted(output);
  }
}
