package dev.strata.job.run;

import dev.strata.job.dataset.Input;
import dev.strata.job.dataset.Output;
import dev.strata.job.dataset.OutputWatch;
import dev.strata.job.plan.Cluster;
import dev.strata.job.plan.PartitionPlan;
import dev.strata.job.progress.ProgressConsole;
import dev.strata.job.progress.ProgressListener;
import dev.strata.job.report.RunReport;
import dev.strata.job.report.RunReportJson;
import dev.strata.udfs.api.EngineSnapshot;
import dev.strata.udfs.api.GenerationOptions;
import dev.strata.udfs.api.StrataConf;
import dev.strata.udfs.api.StrataKeys;
import dev.strata.udfs.live.LiveView;
import dev.strata.udfs.spark.EngineStats;
import dev.strata.udfs.spark.Generation;
import dev.strata.udfs.spark.RunBasis;
import dev.strata.udfs.spark.RunJournal;
import dev.strata.udfs.spark.RunSpace;
import dev.strata.udfs.spark.Strata;
import java.io.PrintStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.catalyst.plans.logical.Statistics;

/**
 * What all ways to run have in common: a Spark session, and what is asked of it.
 *
 * @param json what is told of the run to programs
 */
record RunSession(
    SparkSession spark, StrataConf conf, GenerationOptions options, RunReportJson json) {

  /** The same for an input, whose broken rows have the reason for an error. */
  RunSession reading(Input input) {
    return input.errorColumn() == null
        ? this
        : new RunSession(spark, conf, options.withErrorColumn(input.errorColumn()), json);
  }

  /** The same with another configuration of what comes out. */
  RunSession with(StrataConf other) {
    return new RunSession(spark, other, options, json);
  }

  /** The input's rows up to the limit. */
  Dataset<Row> limited(Dataset<Row> rows) {
    return conf.find(StrataKeys.LIMIT).map(rows::limit).orElse(rows);
  }

  /** The input's columns that come out: all but that of errors, unless some are named. */
  List<String> columns(Dataset<Row> rows) {
    return Generation.columns(rows, conf, options);
  }

  /**
   * Rows with completions. Nothing runs before they are written.
   *
   * @param journal keeps what rows produce; null for none
   * @param more columns that come out beside those of {@link #columns}
   */
  Dataset<Row> completed(Dataset<Row> rows, EngineStats stats, RunJournal journal, String... more) {
    requireRoom(rows, journal);
    List<String> columns = new ArrayList<>(columns(rows));
    columns.addAll(Arrays.asList(more));
    StrataConf dealt =
        conf.with(StrataKeys.COLUMNS, columns).with(StrataKeys.PARTITIONS, partitions());
    return Strata.on(spark, dealt)
        .counting(stats)
        .journaled(journal)
        .ask(rows, given -> options.prompt(), options.readout());
  }

  private void requireRoom(Dataset<Row> rows, RunJournal journal) {
    Statistics input = rows.queryExecution().optimizedPlan().stats();
    int newTokens = conf.find(StrataKeys.MAX_NEW_TOKENS).orElse(RunSpace.MAX_NEW_TOKENS);
    boolean isTable = conf.get(StrataKeys.OUTPUT_FORMAT).equals("table");
    new RunSpace(RunSpace.bytes(input), rows::count, newTokens)
        .check(
            hadoop(),
            journal == null ? null : journal.location(),
            isTable ? null : conf.require(StrataKeys.OUTPUT));
  }

  /** Into how many partitions rows are dealt. */
  int partitions() {
    return PartitionPlan.partitions(conf.find(StrataKeys.PARTITIONS), cluster());
  }

  Cluster cluster() {
    return Cluster.of(this::setting, Sessions.executors(spark));
  }

  /** Spark's setting of that name, or null. */
  String setting(String key) {
    return spark.sparkContext().getConf().get(key, null);
  }

  Configuration hadoop() {
    return spark.sparkContext().hadoopConfiguration();
  }

  /**
   * What a run must have in common with the one whose journal it continues.
   *
   * @param more than the options, by what it is called in messages
   */
  RunBasis basis(Map<String, String> more) {
    return new RunBasis(options, json.identity().get(), more);
  }

  /** Lets all who show the progress of a run know how many rows it has. */
  void expect(long rows, EngineStats stats, ProgressListener listener) {
    listener.expect(rows);
    LiveView.of(spark.sparkContext()).expect(stats.id(), rows);
  }

  /**
   * Writes rows with the record of the run, and shows the progress. If that fails, no task runs any
   * more.
   *
   * @param report of what was done, to be asked for when the rows are written
   */
  void write(
      Dataset<Row> rows,
      Output output,
      Continuation earlier,
      ProgressListener listener,
      Supplier<RunReport> report,
      PrintStream console)
      throws Exception {
    spark.sparkContext().addSparkListener(listener);
    ProgressConsole progress =
        ProgressConsole.start(listener, console, conf.get(StrataKeys.PROGRESS));
    OutputWatch watch =
        OutputWatch.start(hadoop(), output, () -> spark.sparkContext().cancelAllJobs());
    Interruption cleanup = Interruption.followedBy(output::discard);
    TaskFailures failures =
        TaskFailures.watch(
            spark.sparkContext(),
            () -> listener.progress().sum(EngineSnapshot::newTokens),
            earlier.partitions(spark.sparkContext().applicationId()));
    AutoCloseable deaths = earlier.watch(spark.sparkContext());
    try (progress;
        watch;
        cleanup;
        failures;
        deaths) {
      write(rows, output, report, watch, failures);
    }
  }

  private void write(
      Dataset<Row> rows,
      Output output,
      Supplier<RunReport> report,
      OutputWatch watch,
      TaskFailures failures)
      throws Exception {
    try {
      output.write(rows);
      String schema = rows.schema().json();
      output
          .written()
          .ifPresent(
              place -> OutputRecord.keep(hadoop(), place, () -> json.kept(report.get(), schema)));
      output.commit();
    } catch (Throwable e) { // Spark's are checked, but Scala does not declare them
      if (Interruption.signal().isEmpty()) {
        spark.stop(); // a task that still runs could write again
        output.discard();
      }
      watch.requireThere(e);
      failures.requireFew();
      throw e;
    }
  }
}
