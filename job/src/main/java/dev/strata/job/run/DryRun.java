package dev.strata.job.run;

import dev.strata.job.plan.Cluster;
import dev.strata.job.plan.SweepRange;
import dev.strata.job.plan.Workload;
import dev.strata.job.report.DryRunReport;
import dev.strata.udfs.api.GenerationOptions;
import dev.strata.udfs.api.MachineRates;
import dev.strata.udfs.api.PlanPreview;
import dev.strata.udfs.spark.GenerationPreview;
import dev.strata.udfs.spark.PromptCounts;
import java.io.IOException;
import java.util.OptionalLong;
import java.util.function.UnaryOperator;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

/** Finds out what a run would take. Reads the input and writes nothing. */
record DryRun(
    GenerationOptions options,
    PlanPreview plan,
    Devices devices,
    Cluster cluster,
    UnaryOperator<String> sparkConf) {

  /** Prompts are counted in about a second for a thousand rows and core; more rows are sampled. */
  private static final long MOST_COUNTED = 10_000;

  private static final long SEED = 1;

  /** Says what a run would take, and refuses what it would refuse. */
  static String execute(RunSession session, Devices devices) throws IOException {
    if (IncrementalRun.isAskedFor(session.conf())) {
      return report(new IncrementalRun(session).rowsToRun(), devices);
    }
    FullRun run = new FullRun(session);
    return run.hasNothingToDo() ? FullRun.nothingToDo(session.conf()) : report(run.rows(), devices);
  }

  /** Says what it would take to run some rows. */
  static String report(RowsToRun toRun, Devices devices) {
    RunSession session = toRun.session();
    GenerationOptions options = session.options();
    PlanPreview plan = devices.plan(options.engine());
    return new DryRun(options, plan, devices, session.cluster(), session::setting)
        .report(toRun, session.partitions(), session.json().input())
        .text();
  }

  /**
   * @param partitions of the run
   * @param input for people
   */
  private DryRunReport report(RowsToRun toRun, int partitions, String input) {
    Dataset<Row> rows = toRun.rows();
    long count = rows.count();
    PromptCounts seen = GenerationPreview.count(sample(rows, count), options, plan);
    int engines = Math.min(cluster.executors(), partitions);
    Workload share = work(seen, count).share(engines);
    SweepRange sweeps = SweepRange.of(share, plan, tasks(partitions, engines));
    MachineRates rates = GenerationPreview.rates(options, devices.onHost());
    return new DryRunReport(
        input,
        count,
        toRun.reuse() == null ? OptionalLong.empty() : OptionalLong.of(toRun.reuse().kept()),
        partitions,
        engines,
        seen,
        plan,
        new DryRunReport.Work(
            sweeps.fewest(), sweeps.most(), share.fewestTokens(), share.mostTokens()),
        rates,
        new DryRunReport.Place(
            devices.onHost(), devices.text(), GenerationPreview.copiedFrom(options)));
  }

  private static Dataset<Row> sample(Dataset<Row> rows, long count) {
    return count <= MOST_COUNTED ? rows : rows.sample(false, (double) MOST_COUNTED / count, SEED);
  }

  private static Workload work(PromptCounts seen, long rows) {
    Workload work =
        new Workload(
            seen.rows() - seen.failed(),
            seen.promptTokens(),
            seen.newTokens(),
            seen.longest(),
            seen.logitRows() > 0,
            seen.keptTokens(),
            seen.largestKept(),
            seen.keptTime());
    return seen.rows() == 0 ? work : work.times((double) rows / seen.rows());
  }

  private SweepRange.Tasks tasks(int partitions, int engines) {
    int each = (partitions + engines - 1) / engines;
    return SweepRange.Tasks.of(each, Cluster.tasksAtOnce(sparkConf), options.readAheadRows());
  }
}
