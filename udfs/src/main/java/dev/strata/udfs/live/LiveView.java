package dev.strata.udfs.live;

import dev.strata.udfs.spark.RunProgress;
import dev.strata.udfs.spark.TasksUnderWay;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.apache.spark.SparkContext;
import org.apache.spark.SparkEnv;
import org.apache.spark.scheduler.AccumulableInfo;
import org.apache.spark.scheduler.JobSucceeded$;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerExecutorMetricsUpdate;
import org.apache.spark.scheduler.SparkListenerExecutorRemoved;
import org.apache.spark.scheduler.SparkListenerJobEnd;
import org.apache.spark.scheduler.SparkListenerJobStart;
import org.apache.spark.scheduler.SparkListenerStageCompleted;
import org.apache.spark.scheduler.SparkListenerStageSubmitted;
import org.apache.spark.scheduler.SparkListenerTaskEnd;
import org.apache.spark.scheduler.StageInfo;
import org.apache.spark.ui.SparkUI;
import scala.jdk.javaapi.CollectionConverters;

/**
 * An application's runs while they go on, in its driver: as executors' heartbeats and tasks' ends
 * tell of them, and in between what the plugin brings, where it is loaded. It fills the tab of the
 * Spark UI and Spark's metrics, and puts what the tab shows into the event log now and then.
 *
 * <p>No run depends on it: what fails here is logged once.
 */
public final class LiveView extends SparkListener {

  private static final Map<SparkContext, LiveView> OF = new ConcurrentHashMap<>();

  private static final long TICK_NANOS = TimeUnit.SECONDS.toNanos(1);

  /** Runs whose tasks are remembered; of older ones that have ended only their sum is. */
  private static final int MOST_RUNS = 20;

  private static final int MOST_STAGES = 1000;

  /** Of the numbers of executors that are gone. */
  private static final int MOST_GONE = 10_000;

  /** The least time between two events of a run, and the part of its time that it may be. */
  private static final long LEAST_MILLIS_TO_EVENT = 2000;

  private static final int EVENTS_OF_A_RUN = 200;

  /** Where there are more engines, events become rarer, so that the log does not grow faster. */
  private static final int ENGINES_OF_AN_EVENT = 50;

  private final SparkContext context;
  private final RunStore store;
  private final Quietly quietly = new Quietly("what runs do is not shown");
  private final Map<Long, RunTracker> runs = new LinkedHashMap<>();
  private final Map<Long, RunFigures> figures = new LinkedHashMap<>();
  private final Map<Long, Long> posted = new HashMap<>();
  private final Map<Integer, Set<Integer>> jobs = new HashMap<>();
  private final Map<Long, Long> countedRows = new HashMap<>();
  private final Map<Integer, Long> shuffledRows = new LinkedHashMap<>();
  private final Map<Integer, List<Integer>> parents = new LinkedHashMap<>();
  private final Map<Integer, Boolean> ended = new LinkedHashMap<>();
  private final Set<String> gone = new HashSet<>();
  private final Set<Long> changed = new HashSet<>();
  private WorkFigures forgotten = WorkFigures.NONE;
  private long ticked;
  private boolean isShown;
  private boolean isMeasured;

  private LiveView(SparkContext context) {
    this.context = context;
    this.store = new RunStore(context.statusStore().store());
    this.ticked = System.nanoTime() - TICK_NANOS;
  }

  /** That of an application, which hears of all its runs from now on. */
  public static LiveView of(SparkContext context) {
    OF.keySet().removeIf(SparkContext::isStopped);
    return OF.computeIfAbsent(
        context,
        started -> {
          LiveView view = new LiveView(started);
          started.listenerBus().addToStatusQueue(view);
          return view;
        });
  }

  /**
   * Makes an application's runs be seen, as sessions with the SQL functions do. The tab comes with
   * the first run.
   */
  public static void watch(SparkContext context) {
    new Quietly("what runs do is not shown").run(() -> of(context).measure());
  }

  /** Adds the tab to the Spark UI, if that is there. */
  public synchronized void show() {
    if (!isShown && context.ui().isDefined()) {
      isShown = true;
      SparkUI ui = context.ui().get();
      quietly.run(() -> StrataTab.attach(ui));
    }
  }

  /** Adds the figures to Spark's metrics; to be called once the application has a number. */
  public synchronized void measure() {
    if (!isMeasured) {
      isMeasured = true;
      quietly.run(
          () -> SparkEnv.get().metricsSystem().registerSource(new StrataSource(this::work)));
    }
  }

  /** Takes note of what an executor tells. */
  synchronized void hear(ProgressMessage message) {
    for (TasksUnderWay.Report report : message.reports()) {
      hear(message.executor(), report.run(), report.stage(), report.progress());
    }
    tick(false);
  }

  @Override
  public void onExecutorMetricsUpdate(SparkListenerExecutorMetricsUpdate heartbeat) {
    quietly.run(
        () ->
            CollectionConverters.asJava(heartbeat.accumUpdates())
                .forEach(
                    task ->
                        hear(
                            heartbeat.execId(),
                            (Integer) task._2(),
                            CollectionConverters.asJava(task._4()))));
  }

  @Override
  public void onTaskEnd(SparkListenerTaskEnd task) {
    quietly.run(
        () ->
            hear(
                task.taskInfo().executorId(),
                task.stageId(),
                CollectionConverters.asJava(task.taskInfo().accumulables())));
  }

  private synchronized void hear(
      String executor, int stage, Iterable<AccumulableInfo> accumulables) {
    for (AccumulableInfo update : accumulables) {
      if (update.update().isDefined() && update.update().get() instanceof RunProgress progress) {
        hear(executor, update.id(), stage, progress);
      }
    }
    tick(false);
  }

  private void hear(String executor, long run, int stage, RunProgress progress) {
    long nanos = System.nanoTime();
    RunTracker tracker = runs.get(run);
    if (tracker == null) {
      tracker = new RunTracker(run, System.currentTimeMillis(), nanos);
      runs.put(run, tracker);
      show();
      forgetOldest();
    }
    tracker.hear(executor, stage, progress, nanos);
    if (tracker.isRunning() && ended.keySet().containsAll(tracker.stages())) {
      tracker.end(ended.get(stage), System.currentTimeMillis()); // it was told of late
    }
    rowsOf(run, stage).ifPresent(tracker::expect);
    changed.add(run);
  }

  /**
   * Takes note of how many rows a run has, where they were counted before.
   *
   * @param run the number of its accumulator
   */
  public synchronized void expect(long run, long rows) {
    countedRows.put(run, rows);
  }

  /** The rows of a run, where they were counted or a shuffle dealt those of a stage's tasks. */
  private OptionalLong rowsOf(long run, int stage) {
    if (countedRows.containsKey(run)) {
      return OptionalLong.of(countedRows.get(run));
    }
    List<Integer> before = parents.getOrDefault(stage, List.of());
    return !before.isEmpty() && shuffledRows.keySet().containsAll(before)
        ? OptionalLong.of(before.stream().mapToLong(shuffledRows::get).sum())
        : OptionalLong.empty();
  }

  private void forgetOldest() {
    if (runs.size() > MOST_RUNS) {
      runs.entrySet().stream()
          .filter(run -> !run.getValue().isRunning())
          .findFirst()
          .map(Map.Entry::getKey)
          .ifPresent(this::forget);
    }
  }

  private void forget(long run) {
    runs.remove(run);
    countedRows.remove(run);
    posted.remove(run);
    changed.remove(run);
    RunFigures last = figures.remove(run);
    if (last != null) {
      forgotten = forgotten.plus(last.work().atRest());
    }
  }

  @Override
  public synchronized void onExecutorRemoved(SparkListenerExecutorRemoved removed) {
    if (gone.size() < MOST_GONE) {
      gone.add(removed.executorId());
    }
    changed.addAll(runs.keySet());
  }

  @Override
  public synchronized void onStageSubmitted(SparkListenerStageSubmitted stage) {
    StageInfo info = stage.stageInfo();
    put(
        parents,
        info.stageId(),
        CollectionConverters.asJava(info.parentIds()).stream().map(Integer.class::cast).toList());
  }

  @Override
  public synchronized void onStageCompleted(SparkListenerStageCompleted stage) {
    StageInfo info = stage.stageInfo();
    if (info.failureReason().isEmpty() && info.taskMetrics() != null) {
      long rows = info.taskMetrics().shuffleWriteMetrics().recordsWritten();
      put(shuffledRows, info.stageId(), rows);
    }
  }

  private static <T> void put(Map<Integer, T> bounded, int stage, T value) {
    bounded.put(stage, value);
    if (bounded.size() > MOST_STAGES) {
      bounded.remove(bounded.keySet().iterator().next());
    }
  }

  @Override
  public synchronized void onJobStart(SparkListenerJobStart job) {
    Set<Integer> stages = new HashSet<>();
    CollectionConverters.asJava(job.stageIds()).forEach(stage -> stages.add((Integer) stage));
    jobs.put(job.jobId(), stages);
    ended.keySet().removeAll(stages);
  }

  @Override
  public synchronized void onJobEnd(SparkListenerJobEnd job) {
    Set<Integer> stages = jobs.getOrDefault(job.jobId(), Set.of());
    jobs.remove(job.jobId());
    boolean isWell = job.jobResult() == JobSucceeded$.MODULE$;
    stages.forEach(stage -> put(ended, stage, isWell));
    runs.forEach(
        (run, tracker) -> {
          if (tracker.isRunning() && !Collections.disjoint(tracker.stages(), stages)) {
            tracker.end(isWell, job.time());
            changed.add(run);
          }
        });
    quietly.run(() -> tick(true));
  }

  /** Brings what changed to where it is seen, at most once a second unless something ended. */
  private void tick(boolean isEnd) {
    long nanos = System.nanoTime();
    if (changed.isEmpty() || (!isEnd && nanos - ticked < TICK_NANOS)) {
      return;
    }
    ticked = nanos;
    long millis = System.currentTimeMillis();
    for (long run : changed) {
      RunFigures now = runs.get(run).figures(gone::contains, millis, nanos);
      figures.put(run, now);
      store.put(now);
      if (isDue(now, millis)) {
        posted.put(run, millis);
        context.listenerBus().post(new RunEvent(now));
      }
    }
    changed.clear();
  }

  private boolean isDue(RunFigures now, long millis) {
    if (now.state() != RunState.RUNNING || !posted.containsKey(now.run())) {
      return true;
    }
    long part = (millis - now.started()) / EVENTS_OF_A_RUN;
    long crowd = 1L + now.engines().size() / ENGINES_OF_AN_EVENT;
    return millis - posted.get(now.run()) >= crowd * Math.max(LEAST_MILLIS_TO_EVENT, part);
  }

  /** What all runs of the application did so far. */
  synchronized WorkFigures work() {
    WorkFigures all = forgotten;
    for (RunFigures run : figures.values()) {
      WorkFigures work = run.work();
      all = all.plus(run.state() == RunState.RUNNING ? work : work.atRest());
    }
    return all;
  }
}
