package dev.strata.udfs.tools.benchmark;

import dev.strata.udfs.api.NativeEnvironment;
import dev.strata.udfs.api.StrataException;
import dev.strata.udfs.engine.Engine;
import dev.strata.udfs.engine.EnginePreview;
import dev.strata.udfs.engine.MemoryFigures;
import dev.strata.udfs.tensor.DeviceMemoryPeak;
import dev.strata.udfs.tensor.DeviceMemoryWatch;
import dev.strata.udfs.tools.RandomCheckpoint;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Optional;

/**
 * Runs the engine on random prompts and measures what the machine could have done. One short row
 * goes first and is not counted: libraries, page cache and clocks are warm then.
 */
public final class Benchmark {

  private static final long SEED = 7;
  private static final int WARM_UP_TOKENS = 16;
  private static final int MOST_SAMPLED_ROWS = 10;

  /** What the engine did before it was closed. */
  private record Run(
      String plan,
      ModelWork model,
      double seconds,
      List<Sweep> sweeps,
      MemoryFigures memory,
      Optional<DeviceMemoryPeak> deviceMemory,
      StartWatch.Figures start,
      RowByRow rowByRow) {}

  /** Some rows, one after another; null where that was not asked for. */
  private record RowByRow(int rows, double seconds, List<Sweep> sweeps) {}

  private final BenchmarkOptions options;
  private final PrintStream progress;

  private Benchmark(BenchmarkOptions options, PrintStream progress) {
    this.options = options;
    this.progress = progress;
  }

  /**
   * Makes the model if that is asked for and measures.
   *
   * @param progress hears what is going on
   * @throws StrataException if the options make no sense, or the model or the budget cannot be used
   */
  public static BenchmarkReport run(BenchmarkOptions options, PrintStream progress)
      throws InterruptedException {
    try {
      return new Benchmark(options, progress).run();
    } catch (IOException e) {
      throw new StrataException(
          StrataException.Fault.DATA, "the benchmark failed: " + e.getMessage(), e);
    }
  }

  private BenchmarkReport run() throws IOException, InterruptedException {
    makeModel();
    String date = OffsetDateTime.now(ZoneOffset.UTC).truncatedTo(ChronoUnit.SECONDS).toString();
    Machine machine = Machine.here();
    Run run = runEngine();
    progress.println("measuring what the machine can do");
    SweepParts parts = parts(run); // next to the sweeps: a machine's speed drifts
    Rates rates = RatesProbe.measure(options.engine(), run.model());
    boolean host = Double.isNaN(rates.bothWays().toDevice());
    LimitModel limits = new LimitModel(run.model(), rates, host);
    Phase decode = Phase.decode(run.sweeps(), run.model(), limits);
    return new BenchmarkReport(
        new BenchmarkReport.Findings(
            options,
            date,
            machine,
            run.plan(),
            run.model(),
            run.seconds(),
            run.sweeps(),
            Phase.prefill(run.sweeps(), run.model(), limits),
            decode,
            rates,
            run.memory(),
            run.deviceMemory(),
            run.start(),
            Optional.ofNullable(run.rowByRow()).map(rows -> comparison(run, rows, decode, parts))));
  }

  private void makeModel() throws IOException {
    if (options.shape() != null) {
      Path directory = Path.of(options.engine().model());
      progress.printf("model: %s%n", directory);
      long start = System.nanoTime();
      if (RandomCheckpoint.ensure(directory, options.shape(), SEED)) {
        progress.printf("written in %.1f s%n", (System.nanoTime() - start) / 1e9);
      }
    }
  }

  private void warnOfSlowPinning() {
    if (!options.engine().device().equals("cpu") && EnginePreview.hasGpu()) {
      NativeEnvironment.slowPinning(System.getenv())
          .ifPresent(advice -> progress.println("warning: " + advice));
    }
  }

  private Run runEngine() throws IOException, InterruptedException {
    warnOfSlowPinning();
    SweepLog log = new SweepLog();
    Optional<DeviceMemoryWatch> watch = DeviceMemoryWatch.often(options.engine().device());
    long started = System.nanoTime();
    try (Engine engine = Engine.start(options.engine(), log);
        StartWatch start = new StartWatch(engine, started, progress)) {
      progress.print(engine.describePlan());
      requireFitting(engine.checkpoint().spec().contextLength());
      Workload workload = new Workload(engine);
      workload.run(1, Math.min(WARM_UP_TOKENS, options.promptTokens()), 1);
      log.start((long) options.prompts() * options.promptTokens(), options.newTokens());
      double seconds = workload.run(options.prompts(), options.promptTokens(), options.newTokens());
      List<Sweep> sweeps = log.stop();
      MemoryFigures memory = engine.memory();
      Optional<DeviceMemoryPeak> peak = watch.map(DeviceMemoryWatch::peak);
      ModelWork model = ModelWork.of(engine.checkpoint());
      RowByRow rowByRow = options.rowByRow() ? rowByRow(workload, log) : null;
      return new Run(
          engine.describePlan(), model, seconds, sweeps, memory, peak, start.figures(), rowByRow);
    } finally {
      watch.ifPresent(DeviceMemoryWatch::close);
    }
  }

  private void requireFitting(int contextLength) {
    if (options.promptTokens() + options.newTokens() > contextLength) {
      throw StrataException.usage(
          "--prompt-tokens %d and --new-tokens %d do not fit the model's context of %d tokens; take"
              + " fewer",
          options.promptTokens(), options.newTokens(), contextLength);
    }
  }

  private SweepParts parts(Run run) {
    int wave = Phase.fullestWave(run.sweeps());
    int length = options.promptTokens() + options.newTokens() / 2;
    return run.rowByRow() == null || wave == 0 || run.memory().deviceBudget() > 0
        ? SweepParts.NONE
        : SweepParts.measure(options.engine(), run.model(), wave, length);
  }

  private RowByRow rowByRow(Workload workload, SweepLog log) throws InterruptedException {
    int rows = Math.min(MOST_SAMPLED_ROWS, options.prompts());
    progress.printf("%d rows, one after another%n", rows);
    log.start((long) rows * options.promptTokens(), options.newTokens());
    double seconds = 0;
    for (int row = 0; row < rows; row++) {
      seconds += workload.run(1, options.promptTokens(), options.newTokens());
    }
    return new RowByRow(rows, seconds, log.stop());
  }

  private Comparison comparison(Run run, RowByRow sample, Phase decode, SweepParts parts) {
    Phase single = Phase.decode(sample.sweeps(), run.model(), decode.limits());
    return new Comparison(
        options.prompts(),
        run.seconds(),
        sample.rows(),
        sample.seconds(),
        single.medianSeconds(),
        decode.rows(),
        decode.medianSeconds(),
        parts.products(),
        parts.attention(),
        parts.conversion());
  }
}
