package dev.strata.job.run;

import dev.strata.job.dataset.Input;
import dev.strata.job.dataset.Output;
import dev.strata.job.dataset.OutputLock;
import dev.strata.job.plan.Cluster;
import dev.strata.job.plan.PartitionPlan;
import dev.strata.job.progress.ProgressConsole;
import dev.strata.job.progress.ProgressListener;
import dev.strata.job.report.RunReport;
import dev.strata.udfs.api.GenerationOptions;
import dev.strata.udfs.api.StrataConf;
import dev.strata.udfs.api.StrataException;
import dev.strata.udfs.api.StrataKeys;
import dev.strata.udfs.spark.EngineStats;
import dev.strata.udfs.spark.Generation;
import java.io.PrintStream;
import java.time.Duration;
import java.util.Map;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/** One run, from the configuration to the report. */
public final class Run {

  private final Task task;
  private final Map<String, String> settings;
  private final StrataConf conf;
  private final GenerationOptions options;

  private Run(Task task, Map<String, String> settings) {
    this.task = task;
    this.settings = settings;
    this.conf = StrataConf.of(settings);
    this.options = conf.generationOptions(task.prompt(conf));
  }

  /**
   * Checks the configuration and the model, without Spark.
   *
   * @throws StrataException if something makes no sense or is missing
   */
  public static Run prepare(Task task, Map<String, String> settings) {
    Run run = new Run(task, settings);
    run.conf.require(StrataKeys.INPUT);
    run.conf.require(StrataKeys.OUTPUT);
    Generation.validateModel(run.options);
    return run;
  }

  /**
   * Runs on a Spark session of its own, which is stopped at the end.
   *
   * @param console where the progress line goes
   */
  public RunReport execute(PrintStream console) {
    SparkSession session = Sessions.start("strata " + task.word(), settings);
    OutputLock lock = null;
    try {
      lock = lock(session);
      return isIncremental()
          ? new IncrementalRun(session, conf, options).execute(console)
          : execute(session, Output.at(session, conf.require(StrataKeys.OUTPUT)), console);
    } finally {
      if (lock != null) {
        lock.close();
      }
      session.stop();
    }
  }

  private boolean isIncremental() {
    return !conf.get(StrataKeys.INCREMENTAL).equals("off");
  }

  /** The lock that the user names, or null. */
  private OutputLock lock(SparkSession session) {
    return conf.find(StrataKeys.LOCK)
        .map(
            file ->
                OutputLock.acquire(
                    session.sparkContext().hadoopConfiguration(),
                    new Path(file),
                    "the lock " + file + " is held",
                    session.sparkContext().applicationId()))
        .orElse(null);
  }

  private RunReport execute(SparkSession session, Output output, PrintStream console) {
    long start = System.nanoTime();
    Input input =
        Input.open(session, conf.require(StrataKeys.INPUT), conf.get(StrataKeys.INPUT_FORMAT));
    EngineStats stats = EngineStats.register(session);
    Dataset<Row> rows = partitioned(session, conf, limited(conf, input.rows()));
    Dataset<Row> completed = Generation.apply(rows, options, stats);
    ProgressListener listener = new ProgressListener(stats);
    session.sparkContext().addSparkListener(listener);
    ProgressConsole progress =
        ProgressConsole.start(listener, console, conf.get(StrataKeys.PROGRESS));
    try (progress) {
      output.write(completed, conf.get(StrataKeys.OUTPUT_FORMAT), input.format());
    } catch (Exception e) { // Spark's are checked, but Scala does not declare them
      session.stop(); // a task that still runs could make the directory again
      output.removeIfEmpty();
      throw e;
    }
    Duration time = Duration.ofNanos(System.nanoTime() - start);
    return new RunReport(stats.value(), time, output.toString());
  }

  static Dataset<Row> limited(StrataConf conf, Dataset<Row> rows) {
    return conf.find(StrataKeys.LIMIT).map(rows::limit).orElse(rows);
  }

  static Dataset<Row> partitioned(SparkSession session, StrataConf conf, Dataset<Row> rows) {
    Cluster cluster =
        Cluster.of(
            key -> session.sparkContext().getConf().get(key, null), Sessions.executors(session));
    return rows.repartition(PartitionPlan.partitions(conf.find(StrataKeys.PARTITIONS), cluster));
  }
}
