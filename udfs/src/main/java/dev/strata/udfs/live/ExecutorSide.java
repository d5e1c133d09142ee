package dev.strata.udfs.live;

import dev.strata.udfs.concurrent.Daemons;
import dev.strata.udfs.spark.EngineTotals;
import dev.strata.udfs.spark.TasksUnderWay;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.apache.spark.api.plugin.ExecutorPlugin;
import org.apache.spark.api.plugin.PluginContext;

/**
 * The plugin in an executor: tells the driver what its tasks do, on a thread of its own. A message
 * that is lost is followed by the next, and by the task's end.
 */
final class ExecutorSide implements ExecutorPlugin {

  private static final long PERIOD_MILLIS = 1000;

  private final Quietly quietly = new Quietly("the driver is not told what tasks do");
  private final ScheduledExecutorService timer =
      Executors.newSingleThreadScheduledExecutor(Daemons.named("strata-live"));
  private final Pace pace = new Pace();

  /** Whatever it threw would make Spark start executors again for ever. */
  @Override
  public void init(PluginContext plugin, Map<String, String> ofDriver) {
    quietly.run(() -> WorkMetrics.register(plugin.metricRegistry(), this::work));
    quietly.run(() -> tellFromNowOn(plugin));
  }

  private void tellFromNowOn(PluginContext plugin) {
    var unused =
        timer.scheduleWithFixedDelay(
            () -> quietly.run(() -> tell(plugin)),
            PERIOD_MILLIS,
            PERIOD_MILLIS,
            TimeUnit.MILLISECONDS);
  }

  private void tell(PluginContext plugin) throws Exception {
    List<TasksUnderWay.Report> reports = TasksUnderWay.reports();
    if (!reports.isEmpty()) {
      plugin.send(new ProgressMessage(plugin.executorID(), reports).text());
    }
  }

  /** What the engines of this JVM did, and do. */
  private synchronized WorkFigures work() {
    EngineTotals all = EngineTotals.ofThisJvm();
    pace.read(
        System.nanoTime(),
        all.newTokens() == 0 ? all.promptTokens() : all.newTokens(),
        all.times());
    boolean works = !TasksUnderWay.reports().isEmpty();
    return new WorkFigures(
        all.rows(),
        all.errors(),
        all.promptTokens(),
        all.newTokens(),
        all.sweeps(),
        all.readBytes(),
        all.times(),
        works ? pace.perSecond() : 0,
        works ? pace.limitPerSecond() : 0);
  }

  @Override
  public void shutdown() {
    timer.shutdownNow();
  }
}
