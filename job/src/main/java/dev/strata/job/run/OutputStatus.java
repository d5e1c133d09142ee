package dev.strata.job.run;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.lit;

import dev.strata.job.dataset.DataErrors;
import dev.strata.job.dataset.OutputState;
import dev.strata.job.dataset.TableState;
import dev.strata.job.report.KeptCommand;
import dev.strata.job.report.KeptRun;
import dev.strata.job.report.KeptRuns;
import dev.strata.job.report.StatusReport;
import dev.strata.udfs.api.StrataConf;
import dev.strata.udfs.api.StrataException;
import dev.strata.udfs.api.StrataKeys;
import dev.strata.udfs.lock.LockHolder;
import dev.strata.udfs.lock.LockState;
import dev.strata.udfs.spark.JournalSummary;
import java.io.IOException;
import java.time.Instant;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/** Finds out where an output and its run stand. Takes no lock and changes nothing. */
public final class OutputStatus {

  private static final String TABLE = "table";

  private final StrataConf conf;
  private final Configuration hadoop;
  private final String output;

  private OutputStatus(StrataConf conf, Configuration hadoop) {
    this.conf = conf;
    this.hadoop = hadoop;
    this.output = conf.require(StrataKeys.OUTPUT);
  }

  /**
   * Looks at the output that the keys name. For files no session of Spark is started; a table's
   * rows are read.
   *
   * @throws StrataException if one cannot know
   */
  public static StatusReport of(Map<String, String> settings) {
    StrataConf conf = StrataConf.of(settings);
    OutputStatus status = new OutputStatus(conf, Sessions.hadoop(settings));
    try {
      return conf.get(StrataKeys.OUTPUT_FORMAT).equals(TABLE)
          ? status.ofTable(settings)
          : status.ofFiles();
    } catch (IOException e) {
      throw DataErrors.status(status.output, e);
    }
  }

  private StatusReport ofFiles() throws IOException {
    OutputState state = OutputState.of(hadoop, output);
    Map<String, String> remains = new LinkedHashMap<>();
    state.remains().forEach(left -> remains.put(left.path().toString(), left.meaning()));
    return new StatusReport(
        output,
        Instant.now(),
        state.lock().map(OutputStatus::holder),
        Optional.empty(),
        !state.rows().isEmpty(),
        OutputRecord.read(hadoop, state.rows()),
        journal(Continuation.location(conf, hadoop, new Path(output).getParent() != null)),
        remains,
        KeptCommand.retry(output));
  }

  private static StatusReport.Holder holder(LockState lock) {
    return new StatusReport.Holder(
        lock.holder().map(LockHolder::toString).orElse("a run that does not say whose it is"),
        lock.age(),
        lock.isDead());
  }

  private Optional<StatusReport.Journal> journal(Optional<String> location) throws IOException {
    if (location.isEmpty()) {
      return Optional.empty();
    }
    Optional<JournalSummary> contents = JournalSummary.read(hadoop, location.get());
    if (contents.isEmpty()) {
      return Optional.empty();
    }
    Optional<KeptRun> run = OutputRecord.in(hadoop, new Path(location.get())).read().last();
    return Optional.of(
        new StatusReport.Journal(location.get(), contents.get(), run, run.map(this::command)));
  }

  private String command(KeptRun run) {
    return run.isRetry() ? KeptCommand.retry(output) : KeptCommand.of(run);
  }

  /** A table has no place for a record: its rows say how many they are, and which failed. */
  private StatusReport ofTable(Map<String, String> settings) throws IOException {
    SparkSession spark = Sessions.start("strata status", settings);
    try {
      TableState table = TableState.of(spark, output);
      return new StatusReport(
          "table " + output,
          Instant.now(),
          Optional.empty(),
          table.rows().map(this::counted),
          table.rows().isPresent(),
          KeptRuns.NONE,
          journal(conf.find(StrataKeys.JOURNAL_DIR)),
          table.remains(),
          "the command that wrote it, with --incremental");
    } finally {
      spark.stop();
    }
  }

  private StatusReport.Counted counted(Dataset<Row> rows) {
    if (!Arrays.asList(rows.columns()).contains("error")) {
      throw StrataException.data(
          "the table %s has no column 'error', so it is not the output of a run", output);
    }
    RowTally tally = RowTally.of(rows, col("error"), lit(false));
    return new StatusReport.Counted(tally.rows(), tally.errors());
  }
}
