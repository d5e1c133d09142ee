package dev.strata.job.run;

import dev.strata.job.dataset.BatchInput;
import dev.strata.job.dataset.DataErrors;
import dev.strata.job.dataset.Input;
import dev.strata.job.dataset.Output;
import dev.strata.job.plan.Cluster;
import dev.strata.job.plan.PartitionPlan;
import dev.strata.job.progress.ProgressConsole;
import dev.strata.job.progress.ProgressListener;
import dev.strata.job.report.RunReport;
import dev.strata.udfs.api.GenerationOptions;
import dev.strata.udfs.api.PlanPreview;
import dev.strata.udfs.api.StrataConf;
import dev.strata.udfs.api.StrataException;
import dev.strata.udfs.api.StrataKeys;
import dev.strata.udfs.spark.EngineStats;
import dev.strata.udfs.spark.Generation;
import dev.strata.udfs.spark.GenerationPreview;
import java.io.PrintStream;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
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
    this.conf = complete(StrataConf.of(settings), settings);
    this.options = conf.generationOptions(task.prompt(conf));
  }

  /** A batch of requests brings its own columns. */
  private static StrataConf complete(StrataConf conf, Map<String, String> settings) {
    if (!BatchInput.isNamedBy(conf)) {
      return conf;
    }
    Map<String, String> all = new HashMap<>(settings);
    all.putAll(BatchInput.columnSettings(settings));
    return StrataConf.of(all);
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
    run.devices().check(run.options.engine());
    return run;
  }

  private Devices devices() {
    return Devices.of(conf.get(StrataKeys.DEVICE), settings);
  }

  /** Whether only {@link #preview} is asked for. */
  public boolean isDry() {
    return conf.get(StrataKeys.DRY_RUN);
  }

  /**
   * Finds out what the run would take, on a Spark session of its own. Refuses what the run would
   * refuse and writes nothing.
   */
  public String preview() throws Exception {
    String location = conf.require(StrataKeys.INPUT);
    String output = conf.require(StrataKeys.OUTPUT);
    SparkSession session = Sessions.start("strata " + task.word(), settings);
    try {
      Output place = Output.at(session, conf);
      Input input = Input.open(session, conf);
      place.accept(input);
      return dryRun(session).report(limited(input.rows()), partitions(session), location).text();
    } catch (Exception e) { // Spark's are checked, but Scala does not declare them
      throw DataErrors.ofRun(e, location, output);
    } finally {
      session.stop();
    }
  }

  private DryRun dryRun(SparkSession session) {
    boolean onHost = devices().onHost();
    PlanPreview plan = GenerationPreview.plan(options.engine(), onHost);
    return new DryRun(options, plan, onHost, cluster(session), key -> sparkConf(session, key));
  }

  /**
   * Runs on a Spark session of its own, which is stopped at the end.
   *
   * @param console where the progress line goes
   * @return what to tell a person in the end
   */
  public String execute(PrintStream console) throws Exception {
    SparkSession session = Sessions.start("strata " + task.word(), settings);
    try {
      Output output = Output.at(session, conf);
      if (output.exists() && conf.get(StrataKeys.MODE).equals("ignore")) {
        return "the output %s exists already, and --mode is ignore: nothing was done"
            .formatted(output);
      }
      Input input = Input.open(session, conf);
      output.accept(input);
      return execute(session, input, output, console).text();
    } finally {
      session.stop();
    }
  }

  private RunReport execute(SparkSession session, Input input, Output output, PrintStream console)
      throws Exception {
    long start = System.nanoTime();
    EngineStats stats = EngineStats.register(session);
    Dataset<Row> completed = completed(partitioned(session, input.rows()), stats);
    ProgressListener listener = new ProgressListener(stats);
    session.sparkContext().addSparkListener(listener);
    ProgressConsole progress =
        ProgressConsole.start(listener, console, conf.get(StrataKeys.PROGRESS));
    try (progress) {
      output.write(completed);
    } catch (Exception e) { // Spark's are checked, but Scala does not declare them
      session.stop(); // a task that still runs could write again
      output.discard();
      throw DataErrors.ofRun(e, conf.require(StrataKeys.INPUT), output.toString());
    }
    Duration time = Duration.ofNanos(System.nanoTime() - start);
    return new RunReport(stats.value(), time, output.toString());
  }

  private Dataset<Row> completed(Dataset<Row> rows, EngineStats stats) {
    List<String> columns = conf.find(StrataKeys.COLUMNS).orElse(List.of(rows.columns()));
    return Generation.apply(rows, columns, options, stats);
  }

  private Dataset<Row> partitioned(SparkSession session, Dataset<Row> rows) {
    return limited(rows).repartition(partitions(session));
  }

  private Dataset<Row> limited(Dataset<Row> rows) {
    return conf.find(StrataKeys.LIMIT).map(rows::limit).orElse(rows);
  }

  private int partitions(SparkSession session) {
    return PartitionPlan.partitions(conf.find(StrataKeys.PARTITIONS), cluster(session));
  }

  private static Cluster cluster(SparkSession session) {
    return Cluster.of(key -> sparkConf(session, key), Sessions.executors(session));
  }

  private static String sparkConf(SparkSession session, String key) {
    return session.sparkContext().getConf().get(key, null);
  }
}
