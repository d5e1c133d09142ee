package dev.strata.job.run;

import static org.apache.spark.sql.functions.col;

import dev.strata.job.dataset.DataFormat;
import dev.strata.job.dataset.Input;
import dev.strata.job.dataset.Messages;
import dev.strata.job.dataset.Output;
import dev.strata.job.dataset.OutputLock;
import dev.strata.job.dataset.Replacement;
import dev.strata.job.plan.WorkPlan;
import dev.strata.job.progress.ProgressConsole;
import dev.strata.job.progress.ProgressListener;
import dev.strata.job.report.RunReport;
import dev.strata.udfs.api.GenerationOptions;
import dev.strata.udfs.api.RunIdentity;
import dev.strata.udfs.api.StrataConf;
import dev.strata.udfs.api.StrataException;
import dev.strata.udfs.api.StrataKeys;
import dev.strata.udfs.spark.EngineStats;
import dev.strata.udfs.spark.Fingerprints;
import dev.strata.udfs.spark.Generation;
import java.io.IOException;
import java.io.PrintStream;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/** A run that takes over what an earlier one has done, and replaces its output as a whole. */
final class IncrementalRun {

  /** Forms whose columns are found by name. */
  private static final List<String> FORMATS = List.of("parquet", "json", "orc");

  private final SparkSession session;
  private final StrataConf conf;
  private final GenerationOptions options;
  private final String location;
  private final long start = System.nanoTime();

  IncrementalRun(SparkSession session, StrataConf conf, GenerationOptions options) {
    this.session = session;
    this.conf = conf;
    this.options = options;
    this.location = conf.require(StrataKeys.OUTPUT);
  }

  /**
   * Runs what is to do, if anything is.
   *
   * @throws StrataException if another run holds the output, or if its rows are those of a run with
   *     another model, prompt or other options
   */
  RunReport execute(PrintStream console) {
    Configuration hadoop = session.sparkContext().hadoopConfiguration();
    String application = session.sparkContext().applicationId();
    try (OutputLock lock =
        OutputLock.acquire(
            hadoop,
            Replacement.lock(hadoop, location),
            "the output " + location + " is being written",
            application)) {
      Replacement replacement = Replacement.of(hadoop, location);
      replacement.recover();
      return execute(replacement, lock, console);
    } catch (IOException e) {
      throw new StrataException(
          StrataException.Fault.DATA,
          "the output %s cannot be replaced: %s".formatted(location, Messages.firstLine(e)),
          e);
    }
  }

  private RunReport execute(Replacement replacement, OutputLock lock, PrintStream console)
      throws IOException {
    Input input =
        Input.open(session, conf.require(StrataKeys.INPUT), conf.get(StrataKeys.INPUT_FORMAT));
    DataFormat format = format(input);
    RunIdentity identity = Fingerprints.identity(options);
    Dataset<Row> rows = Fingerprints.add(Run.limited(conf, input.rows()), options, identity);
    EarlierRows earlier = earlier(replacement, format, identity);
    WorkPlan plan = earlier.plan(rows);
    EngineStats stats = EngineStats.register(session);
    boolean unchanged = replacement.exists() && plan.nothingToDo() && !runsAll();
    if (!unchanged) {
      write(completed(rows, earlier, stats), format, replacement, listener(stats, plan), console);
      lock.check();
      replacement.commit();
    }
    return new RunReport(
        stats.value(),
        Duration.ofNanos(System.nanoTime() - start),
        location,
        new RunReport.Reuse(plan.kept(), unchanged));
  }

  private boolean runsAll() {
    return conf.get(StrataKeys.INCREMENTAL).equals("all");
  }

  private DataFormat format(Input input) {
    DataFormat format =
        Output.format(
            new Path(location).getName(), conf.get(StrataKeys.OUTPUT_FORMAT), input.format());
    if (!FORMATS.contains(format.word())) {
      throw StrataException.usage(
          "--incremental cannot read back an output of the form %s; set --output-format to one of"
              + " %s",
          format.word(), String.join(", ", FORMATS));
    }
    return format;
  }

  private EarlierRows earlier(Replacement replacement, DataFormat format, RunIdentity identity)
      throws IOException {
    if (!replacement.exists() || runsAll()) {
      return EarlierRows.none(session);
    }
    EarlierRows earlier = EarlierRows.read(session, location, format.word());
    WorkPlan.requireSameRun(location, earlier.runs(), identity);
    return earlier;
  }

  /** The rows of the new output, fingerprints last. */
  private Dataset<Row> completed(Dataset<Row> rows, EarlierRows earlier, EngineStats stats) {
    Dataset<Row> toRun = Run.partitioned(session, conf, earlier.toRun(rows));
    Dataset<Row> run = Generation.apply(toRun, options, stats);
    Column[] columns =
        Stream.concat(
                Arrays.stream(run.columns()).filter(name -> !name.equals(Fingerprints.COLUMN)),
                Stream.of(Fingerprints.COLUMN))
            .map(name -> col("`" + name.replace("`", "``") + "`"))
            .toArray(Column[]::new);
    return run.select(columns).union(earlier.takenOver(rows).select(columns));
  }

  private ProgressListener listener(EngineStats stats, WorkPlan plan) {
    ProgressListener listener = new ProgressListener(stats);
    listener.expect(plan.toRun());
    session.sparkContext().addSparkListener(listener);
    return listener;
  }

  private void write(
      Dataset<Row> rows,
      DataFormat format,
      Replacement replacement,
      ProgressListener listener,
      PrintStream console)
      throws IOException {
    Output part = Output.at(session, replacement.part().toString());
    ProgressConsole progress =
        ProgressConsole.start(listener, console, conf.get(StrataKeys.PROGRESS));
    try (progress) {
      part.write(rows, format.word(), format);
    } catch (Exception e) { // Spark's are checked, but Scala does not declare them
      session.stop(); // a task that still runs could make the directory again
      replacement.discard();
      throw e;
    }
  }
}
