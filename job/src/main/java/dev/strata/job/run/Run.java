package dev.strata.job.run;

import dev.strata.job.dataset.BatchInput;
import dev.strata.job.dataset.DataErrors;
import dev.strata.job.dataset.Locks;
import dev.strata.job.dataset.Messages;
import dev.strata.job.dataset.Places;
import dev.strata.job.report.Environment;
import dev.strata.job.report.PlannedEngine;
import dev.strata.job.report.RunReport;
import dev.strata.job.report.RunReportJson;
import dev.strata.udfs.api.GenerationOptions;
import dev.strata.udfs.api.StrataConf;
import dev.strata.udfs.api.StrataException;
import dev.strata.udfs.api.StrataKeys;
import dev.strata.udfs.lock.RunLock;
import dev.strata.udfs.spark.Fingerprints;
import dev.strata.udfs.spark.Generation;
import java.io.IOException;
import java.io.PrintStream;
import java.time.Instant;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.spark.SparkContext;
import org.apache.spark.sql.SparkSession;

/** One run, from the configuration to the report. */
public final class Run {

  /** The word of the command that asks failed rows again. */
  public static final String RETRY = "retry-failed";

  private final Task task;
  private final Map<String, String> settings;
  private final StrataConf conf;
  private final GenerationOptions options;
  private final Retried retried;

  /**
   * The run whose failed rows are asked again.
   *
   * @param started when; empty where that is not known
   */
  private record Retried(Optional<Instant> started) {}

  /**
   * @param retried null where all rows of an input are asked
   */
  private Run(Task task, Map<String, String> settings, Retried retried) {
    this.task = task;
    this.retried = retried;
    this.settings = settings;
    this.conf = conf(settings);
    this.options = task.options(conf);
  }

  /** What is set. A batch of requests brings its own columns. */
  static StrataConf conf(Map<String, String> settings) {
    StrataConf conf = StrataConf.of(settings);
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
    Run run = new Run(task, settings, null);
    run.conf.require(StrataKeys.INPUT);
    run.conf.require(StrataKeys.OUTPUT);
    IncrementalRun.check(run.conf);
    Generation.validateModel(run.options);
    run.devices().check(run.options.engine());
    run.checkPlaces();
    return run;
  }

  /**
   * The same of a run that asks the failed rows of an output again.
   *
   * @param started when the run was started that wrote it; empty where that is not known
   */
  static Run retry(Task task, Map<String, String> settings, Optional<Instant> started) {
    Run run = new Run(task, settings, new Retried(started));
    Generation.validateModel(run.options);
    run.devices().check(run.options.engine());
    run.checkLock(Sessions.hadoop(settings));
    return run;
  }

  private void checkPlaces() {
    Configuration hadoop = Sessions.hadoop(settings);
    checkLock(hadoop);
    Places.check(hadoop, conf);
  }

  private void checkLock(Configuration hadoop) {
    conf.find(StrataKeys.LOCK)
        .filter(file -> !conf.get(StrataKeys.DRY_RUN))
        .ifPresent(file -> Locks.requireFree(hadoop, new Path(file), held(file)));
  }

  private static String held(String file) {
    return "the lock " + file + " is held";
  }

  private Devices devices() {
    return Devices.of(conf.get(StrataKeys.DEVICE), settings);
  }

  /**
   * Runs, or says what a run would take, on a Spark session of its own, which is stopped at the
   * end.
   *
   * @param out where a person is told in the end what was done
   * @param console where the progress line goes
   * @throws StrataException if it cannot be done, or every row failed for one reason
   */
  public void execute(PrintStream out, PrintStream console) throws Exception {
    Announcements announcements = Announcements.on(console, conf.get(StrataKeys.PROGRESS));
    if (retried == null) {
      announcements.starting(task, conf, Sessions.master(settings));
    } else {
      announcements.startingAgain(conf, Sessions.master(settings));
    }
    Interruption announced = Interruption.announced(console);
    try (announced) {
      String name = "strata " + (retried == null ? task.word() : RETRY);
      SparkSession spark = Sessions.start(name, TaskFailures.settings(settings));
      announcements.started(spark.sparkContext().uiWebUrl());
      execute(spark, out, console);
    }
  }

  private void execute(SparkSession spark, PrintStream out, PrintStream console) throws Exception {
    String application = spark.sparkContext().applicationId();
    Optional<LocalCluster> cluster = LocalCluster.of(spark.sparkContext().master());
    cluster.ifPresent(folders -> folders.enter(application));
    try {
      RunSession session = new RunSession(spark, conf, options, json(spark.sparkContext()));
      if (conf.get(StrataKeys.DRY_RUN)) {
        out.println(dryRun(session));
      } else {
        execute(session, out, console);
      }
    } catch (Exception e) { // Spark's are checked, but Scala does not declare them
      throw DataErrors.ofRun(e, input(), conf.require(StrataKeys.OUTPUT));
    } finally {
      spark.stop();
      cluster.ifPresent(folders -> folders.leave(application));
    }
  }

  /** What rows are read from; a retry may not know more than the output. */
  private String input() {
    return conf.find(StrataKeys.INPUT).orElse(conf.require(StrataKeys.OUTPUT));
  }

  private String dryRun(RunSession session) throws IOException {
    return retried == null
        ? DryRun.execute(session, devices())
        : DryRun.report(new RetryRun(session, retried.started()).rowsToRun(), devices());
  }

  private void execute(RunSession session, PrintStream out, PrintStream console) throws Exception {
    ReportFile file = new ReportFile(conf.find(StrataKeys.REPORT), session.hadoop());
    RunReportJson json = session.json();
    file.write(json.running());
    Optional<ReportDirectory> directory =
        conf.find(StrataKeys.REPORT_DIR).map(path -> new ReportDirectory(session.hadoop(), path));
    Outcome outcome;
    try {
      outcome = executeLocked(session, console);
    } catch (Exception e) {
      String failed = json.failed(Messages.firstLine(e));
      file.writeIfPossible(failed);
      directory.ifPresent(reports -> reports.keep(failed));
      throw e;
    }
    String ended = outcome.report().map(json::done).orElseGet(json::nothingDone);
    file.writeIfPossible(ended);
    if (outcome.report().isPresent()) {
      directory.ifPresent(reports -> reports.keep(ended));
    }
    out.println(outcome.text());
    Optional<String> failure = outcome.report().flatMap(RunReport::failure);
    if (failure.isPresent()) {
      throw StrataException.data("%s", failure.get());
    }
  }

  private Outcome executeLocked(RunSession session, PrintStream console) throws Exception {
    RunLock lock = lock(session.spark());
    try (lock) {
      if (retried != null) {
        return new RetryRun(session, retried.started()).execute(console);
      }
      return IncrementalRun.isAskedFor(conf)
          ? Outcome.of(new IncrementalRun(session).execute(console))
          : FullRun.executeAlone(session, console)
              .map(Outcome::of)
              .orElseGet(() -> Outcome.nothing(FullRun.nothingToDo(session.conf())));
    }
  }

  private RunReportJson json(SparkContext context) {
    return new RunReportJson(
        task.word(),
        Instant.now(),
        input(),
        conf.require(StrataKeys.OUTPUT),
        settings,
        new Once<>(() -> Fingerprints.identity(options)),
        new Environment(
            context.applicationId(),
            Versions.all(),
            Versions.machine(context.getConf().get("spark.driver.host", ""), devices().text()),
            plan()),
        retried == null ? null : retried.started().orElse(Instant.EPOCH));
  }

  /** As far as the driver can know the executors' devices. */
  private PlannedEngine plan() {
    try {
      return PlannedEngine.of(devices().plan(options.engine()));
    } catch (StrataException e) {
      return PlannedEngine.unknown(e.getMessage());
    }
  }

  /** The lock that the user names, or null. */
  private RunLock lock(SparkSession spark) {
    return conf.find(StrataKeys.LOCK)
        .map(
            file ->
                Locks.acquire(
                    spark.sparkContext().hadoopConfiguration(),
                    new Path(file),
                    held(file),
                    spark.sparkContext().applicationId()))
        .orElse(null);
  }
}
