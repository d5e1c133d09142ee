package dev.strata.job.run;

import dev.strata.job.dataset.BatchInput;
import dev.strata.job.dataset.DataErrors;
import dev.strata.job.dataset.Input;
import dev.strata.job.dataset.Output;
import dev.strata.job.dataset.OutputPlace;
import dev.strata.job.dataset.Replacement;
import dev.strata.job.dataset.SchemaColumns;
import dev.strata.job.plan.WorkPlan;
import dev.strata.job.progress.ProgressListener;
import dev.strata.job.report.RunReport;
import dev.strata.udfs.api.RunIdentity;
import dev.strata.udfs.api.StrataConf;
import dev.strata.udfs.api.StrataException;
import dev.strata.udfs.api.StrataKeys;
import dev.strata.udfs.lock.RunLock;
import dev.strata.udfs.spark.EngineStats;
import dev.strata.udfs.spark.ErrorReasons;
import dev.strata.udfs.spark.Fingerprints;
import dev.strata.udfs.spark.RunJournal;
import dev.strata.udfs.spark.RunProgress;
import java.io.IOException;
import java.io.PrintStream;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.types.StructType;

/** A run that takes over what an earlier one has done, and replaces its output as a whole. */
final class IncrementalRun {

  private final RunSession session;
  private final StrataConf conf;
  private final Configuration hadoop;
  private final String location;
  private final long start = System.nanoTime();

  IncrementalRun(RunSession session) {
    this.session = session;
    this.conf = session.conf();
    this.hadoop = session.hadoop();
    this.location = conf.require(StrataKeys.OUTPUT);
  }

  /** The rows with their fingerprints, what is there, and what is to do. */
  private record Work(RunSession session, Input input, Dataset<Row> rows, EarlierRows earlier) {}

  static boolean isAskedFor(StrataConf conf) {
    return !conf.get(StrataKeys.INCREMENTAL).equals("off");
  }

  /**
   * Refuses outputs that an incremental run cannot take over.
   *
   * @throws StrataException if the configuration asks for one
   */
  static void check(StrataConf conf) {
    if (!isAskedFor(conf)) {
      return;
    }
    String mode = conf.get(StrataKeys.MODE);
    if (!mode.equals("error")) {
      throw StrataException.usage(
          "--mode %s means nothing to --incremental, which replaces the output itself; unset one of"
              + " the two",
          mode);
    }
    if (conf.find(StrataKeys.LIMIT).isPresent()) {
      throw StrataException.usage(
          "--limit %s and --incremental would together take all rows but those out of the output;"
              + " unset one of the two",
          conf.find(StrataKeys.LIMIT).get());
    }
    if (!conf.get(StrataKeys.PARTITION_BY).isEmpty()) {
      throw StrataException.usage(
          "--incremental cannot take over an output laid out by --partition-by %s; run each part"
              + " with --where and an --output of its own",
          String.join(",", conf.get(StrataKeys.PARTITION_BY)));
    }
    if (BatchInput.isNamedBy(conf)) {
      throw StrataException.usage(
          "--incremental cannot take over the answers to a batch of requests; unset --incremental,"
              + " or --input-format %s",
          conf.get(StrataKeys.INPUT_FORMAT));
    }
    String format = conf.get(StrataKeys.OUTPUT_FORMAT);
    if (!isTable(conf) && !format.equals("auto")) {
      IncrementalFiles.requireReadable(format);
    }
  }

  private static boolean isTable(StrataConf conf) {
    return conf.get(StrataKeys.OUTPUT_FORMAT).equals("table");
  }

  /**
   * Runs what is to do, if anything is, and tells what was done.
   *
   * @throws StrataException if another run holds the output, or if its rows are those of a run with
   *     another model, prompt or other options
   */
  RunReport execute(PrintStream console) throws Exception {
    return isTable(conf) ? execute(new IncrementalTable(session), console) : executeAlone(console);
  }

  private RunReport executeAlone(PrintStream console) throws Exception {
    RunLock lock =
        OutputPlace.claim(hadoop, location, session.spark().sparkContext().applicationId());
    try (lock) {
      Replacement replacement = Replacement.of(hadoop, location);
      return execute(new IncrementalFiles(session, replacement, lock), console);
    } catch (IOException e) {
      throw DataErrors.output(location, e);
    }
  }

  private RunReport execute(IncrementalOutput output, PrintStream console) throws Exception {
    Work work = work(output);
    WorkPlan plan = work.earlier().plan(work.rows());
    EngineStats stats = EngineStats.register(session.spark());
    boolean unchanged = output.exists() && plan.nothingToDo() && !runsAll();
    ProgressListener listener = new ProgressListener(stats);
    ErrorReasons keptErrors =
        unchanged ? ErrorReasons.NONE : work.earlier().errorsTakenOver(work.rows());
    Supplier<RunReport> report = () -> report(listener, plan.kept(), unchanged, keptErrors);
    if (unchanged) {
      output.forgetJournal();
    } else {
      session.expect(plan.toRun(), stats, listener);
      replace(output, work, stats, listener, report, console);
    }
    return report.get();
  }

  private RunReport report(
      ProgressListener listener, long kept, boolean unchanged, ErrorReasons keptErrors) {
    RunProgress progress = listener.progress();
    return new RunReport(
        progress,
        Duration.ofNanos(System.nanoTime() - start),
        location,
        new RunReport.Reuse(kept, unchanged, keptErrors.plus(progress.rows().reasons())),
        listener.course());
  }

  /** What a run would run. Changes nothing. */
  RowsToRun rowsToRun() throws IOException {
    IncrementalOutput output =
        isTable(conf)
            ? new IncrementalTable(session)
            : new IncrementalFiles(session, Replacement.of(hadoop, location), null);
    Work work = work(output);
    long kept = work.earlier().plan(work.rows()).kept();
    return new RowsToRun(
        work.session(),
        work.earlier().toRun(work.rows()),
        new RunReport.Reuse(kept, false, ErrorReasons.NONE));
  }

  private Work work(IncrementalOutput output) throws IOException {
    Input input = Input.open(session.spark(), conf);
    output.accept(input);
    RunIdentity identity = session.json().identity().get();
    Dataset<Row> rows = input.rows().drop(Fingerprints.COLUMN);
    RunSession reading = session.reading(input);
    return new Work(
        reading,
        input,
        Fingerprints.add(rows, reading.columns(rows), reading.options(), identity),
        earlier(output, identity));
  }

  private RunOptions options() {
    return new RunOptions(Fingerprints.options(session.options()));
  }

  private boolean runsAll() {
    return conf.get(StrataKeys.INCREMENTAL).equals("all");
  }

  private EarlierRows earlier(IncrementalOutput output, RunIdentity identity) throws IOException {
    StructType added = Fingerprints.addedColumns(session.options());
    if (!output.exists() || runsAll()) {
      return EarlierRows.none(session.spark(), added);
    }
    EarlierRows earlier = output.rows(added);
    List<String> different = output.options().differences(options());
    WorkPlan.requireSameRun(location, earlier.runs(), identity, different);
    return earlier;
  }

  private void replace(
      IncrementalOutput output,
      Work work,
      EngineStats stats,
      ProgressListener listener,
      Supplier<RunReport> report,
      PrintStream console)
      throws Exception {
    try {
      Output part = output.part();
      Continuation earlier = Continuation.of(work.session(), output.hasRoomBeside());
      Dataset<Row> completed = completed(work, stats, earlier.journal());
      part.accept(work.input(), completed.schema());
      session.write(completed, part, earlier, listener, report, console);
      output.commit(options());
      earlier.end();
    } catch (Exception e) {
      output.discard();
      throw e;
    }
  }

  /** The rows of the new output, fingerprints last. */
  private Dataset<Row> completed(Work work, EngineStats stats, RunJournal journal) {
    Dataset<Row> toRun = work.earlier().toRun(work.rows());
    Dataset<Row> run = work.session().completed(toRun, stats, journal, Fingerprints.COLUMN);
    Column[] columns =
        Stream.concat(
                Arrays.stream(run.columns()).filter(name -> !name.equals(Fingerprints.COLUMN)),
                Stream.of(Fingerprints.COLUMN))
            .map(SchemaColumns::named)
            .toArray(Column[]::new);
    return run.select(columns).union(work.earlier().takenOver(work.rows()).select(columns));
  }
}
