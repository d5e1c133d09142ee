package dev.strata.udfs.engine;

import dev.strata.udfs.api.EngineOptions;
import dev.strata.udfs.api.EngineSnapshot;
import dev.strata.udfs.api.ExpectedRows;
import dev.strata.udfs.api.FinishReason;
import dev.strata.udfs.api.StrataException;
import dev.strata.udfs.concurrent.Activity;
import dev.strata.udfs.concurrent.Daemons;
import dev.strata.udfs.concurrent.Uninterrupted;
import dev.strata.udfs.store.Checkpoint;
import dev.strata.udfs.tensor.Holdings;
import dev.strata.udfs.tensor.NativeHeap;
import java.io.IOException;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A service that owns a device and streams a model through it. Tasks submit rows through clients
 * and take results; a thread of the engine's own forms waves and runs sweeps as long as there are
 * rows.
 *
 * <p>An error in a row ends that row. An error of the engine (a read that fails, a fault of the
 * device) ends all rows: every client is told, and a new engine has to be started.
 */
public final class Engine implements AutoCloseable {

  private static final Logger LOG = LoggerFactory.getLogger(Engine.class);

  private static final Duration NEVER = ChronoUnit.FOREVER.getDuration();

  /** How long the end of an engine waits for a call that stands still. */
  private static final Duration LAST_WAIT = Duration.ofSeconds(1);

  /** An engine of its own has all that it may take. */
  private static final MemoryBroker ALONE =
      demand -> new MemoryLedger().reserve(demand).orElseThrow();

  private final EngineParts parts;
  private final RowQueue queue;
  private final Thread thread;
  private final AtomicReference<RuntimeException> closeFailure = new AtomicReference<>();
  private final Activity activity;
  private final Duration stallTimeout;
  private volatile ExpectedRows expected;
  private volatile boolean stalled;
  private boolean isDeviceLost; // of the thread that runs the sweeps

  private Engine(EngineParts parts, ExpectedRows expected, Duration stallTimeout) {
    this.parts = parts;
    this.expected = expected;
    this.activity = parts.counters().activity();
    this.stallTimeout = stallTimeout;
    this.queue = new RowQueue(parts.sweeper().plan().waveRows());
    this.thread = Daemons.thread("strata-sweeps", this::run);
  }

  /**
   * Opens the model and the device, plans the memory and starts the engine.
   *
   * @throws StrataException if the model, the device or the budget cannot be used
   */
  public static Engine start(EngineOptions options) {
    return start(options, SweepObserver.NONE);
  }

  /**
   * The same, with somebody who hears of each sweep.
   *
   * @throws StrataException if the model, the device or the budget cannot be used
   */
  public static Engine start(EngineOptions options, SweepObserver observer) {
    return start(options, DeviceSource.OF_OPTIONS, EngineListener.NONE, observer);
  }

  /**
   * The same for one engine of several that share a memory.
   *
   * @param checkpoint open already; the engine closes it when it is closed or cannot be started
   * @param memory gives the engine its part of the memory
   * @param stallTimeout the engine fails once nothing got done for so long while there were rows
   * @throws StrataException if the device or the budget cannot be used
   * @throws InterruptedException as {@code memory} does
   */
  public static Engine start(
      EngineOptions options, Checkpoint checkpoint, MemoryBroker memory, Duration stallTimeout)
      throws InterruptedException {
    return start(
        options,
        checkpoint,
        DeviceSource.OF_OPTIONS,
        EngineListener.NONE,
        SweepObserver.NONE,
        memory,
        stallTimeout);
  }

  /**
   * An engine of its own that may stand still for so long, and a device that comes from elsewhere.
   */
  static Engine start(
      EngineOptions options, DeviceSource devices, Checkpoint checkpoint, Duration stallTimeout)
      throws InterruptedException {
    return start(
        options, checkpoint, devices, EngineListener.NONE, SweepObserver.NONE, ALONE, stallTimeout);
  }

  /** An engine of its own on a device that comes from elsewhere. */
  static Engine start(EngineOptions options, DeviceSource devices) {
    return start(options, devices, EngineListener.NONE, SweepObserver.NONE);
  }

  static Engine start(EngineOptions options, EngineListener listener) {
    return start(options, DeviceSource.OF_OPTIONS, listener, SweepObserver.NONE);
  }

  private static Engine start(
      EngineOptions options,
      DeviceSource devices,
      EngineListener listener,
      SweepObserver observer) {
    Checkpoint checkpoint = Checkpoint.open(options.model(), options.io(), options.hostMemory());
    try {
      return start(options, checkpoint, devices, listener, observer, ALONE, NEVER);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e); // there is nobody to wait for
    }
  }

  private static Engine start(
      EngineOptions options,
      Checkpoint checkpoint,
      DeviceSource devices,
      EngineListener listener,
      SweepObserver observer,
      MemoryBroker memory,
      Duration stallTimeout)
      throws InterruptedException {
    try {
      return started(
          new EngineParts(checkpoint, options, devices, listener, observer, memory),
          options.expectedRows(),
          stallTimeout);
    } catch (Throwable e) {
      Throwable told = EngineFailure.told(e);
      if (told instanceof IllegalArgumentException) {
        throw new StrataException(StrataException.Fault.USAGE, told.getMessage(), told);
      }
      if (told instanceof RuntimeException known) {
        throw known;
      }
      throw e;
    }
  }

  private static Engine started(EngineParts parts, ExpectedRows expected, Duration stallTimeout) {
    try {
      Engine engine = new Engine(parts, expected, stallTimeout);
      LOG.info("{}", engine.describePlan());
      engine.thread.start();
      return engine;
    } catch (Throwable e) { // such as too many threads
      Holdings.closeAfter(e, parts);
      throw e;
    }
  }

  /** A new client; each task has its own. */
  public EngineClient open() {
    return open(RowSink.NONE);
  }

  /**
   * A new client that hears of its rows' tokens as they are generated.
   *
   * @param sink called on the engine's thread between sweeps
   */
  public EngineClient open(RowSink sink) {
    EngineClient client = new EngineClient(this, sink);
    queue.open(client);
    return client;
  }

  /** The model's checkpoint, open as long as the engine is. */
  public Checkpoint checkpoint() {
    return parts.checkpoint();
  }

  /** The most sequences active in one sweep. */
  public int waveRows() {
    return parts.sweeper().plan().waveRows();
  }

  /** How much a task reads ahead of the wave. */
  public ReadAhead readAhead() {
    return ReadAhead.of(waveRows());
  }

  /** The memory plan as a person reads it. */
  public String describePlan() {
    return parts.sweeper().plan().describe();
  }

  /** The memory that the engine held at most, and its budgets. */
  public MemoryFigures memory() {
    return parts.sweeper().memory();
  }

  /** What the engine has done and where it is. */
  public EngineSnapshot snapshot() {
    return parts.sweeper().snapshot(queue.waitingRows());
  }

  /** Whether it takes no rows any more. */
  boolean isClosing() {
    return queue.isClosed();
  }

  /** Whether nothing runs any more, and all is given back that could be. */
  boolean isEnded() {
    return !thread.isAlive();
  }

  /** Where everything is, for a log. */
  String describeState() {
    return parts.sweeper().describe();
  }

  Counters counters() {
    return parts.counters();
  }

  /** Whether the engine ended with an error. */
  public boolean isFailed() {
    return queue.isFailed();
  }

  void submit(EngineClient client, RowRequest request) {
    queue.submit(client, request);
  }

  RowResult take(EngineClient client) throws InterruptedException {
    return queue.take(client);
  }

  RowResult poll(EngineClient client) {
    return queue.poll(client);
  }

  int unfinished(EngineClient client) {
    return queue.unfinished(client);
  }

  void cancel(EngineClient client) {
    queue.cancel(client);
  }

  /**
   * Says what rows are expected from now on. Before the next row enters an empty wave the memory is
   * planned for them.
   */
  public void expect(ExpectedRows rows) {
    expected = rows;
  }

  private void run() {
    try {
      runWatched();
    } catch (Throwable e) {
      isDeviceLost = DeviceFault.isCauseOf(e);
      Throwable told = e;
      try {
        told = EngineFailure.told(e);
      } finally {
        end(told);
      }
      LOG.error("the engine ends: {}", told.getMessage(), e);
    } finally {
      closeParts();
    }
  }

  private void runWatched() throws IOException, InterruptedException {
    StallWatch watch = new StallWatch(stallTimeout, activity, this::hostBytesThere, this::stalled);
    try (watch) {
      parts.sweeper().startThread();
      while (!queue.isClosed() && hasRows()) {
        parts.wave().makeRoom();
        admit();
        sweep();
      }
    }
  }

  private long hostBytesThere() {
    return parts.sweeper().hostBytesThere();
  }

  /** Its thread is in a call that nobody can end: clients are told, and nothing is freed. */
  private void stalled() {
    StallException failure =
        new StallException(
            "the engine of " + parts.checkpoint().files().location(),
            stallTimeout,
            parts.sweeper().isStorageAwaited());
    LOG.error(
        "{}{}{}{}{}",
        failure.getMessage(),
        System.lineSeparator(),
        describeState(),
        System.lineSeparator(),
        ThreadStacks.describe());
    stalled = true;
    parts.stuck();
    end(failure);
  }

  /** Tells all clients. The thread that runs the sweeps closes the parts when it ends. */
  private void end(Throwable failure) {
    parts.ending();
    queue.close(failure);
  }

  /**
   * At once, also where the engine failed and clients are still open: they have no use for it. What
   * a device holds that failed stays: PyTorch ends the process when its pinned memory is freed.
   */
  private void closeParts() {
    if (isDeviceLost) {
      parts.stuck();
      return;
    }
    try {
      parts.close();
    } catch (RuntimeException e) {
      LOG.error("the engine's memory was not all given back", e);
      closeFailure.set(e);
    }
    NativeHeap.trim();
  }

  private boolean hasRows() throws InterruptedException {
    if (!parts.wave().isEmpty()) {
      return true;
    }
    activity.rests();
    boolean hasRows = queue.awaitRows();
    activity.begins(SweepStep.FORM_WAVE);
    if (hasRows && parts.replan(expected)) {
      LOG.info("{}", describePlan());
      queue.waveRows(waveRows());
    }
    return hasRows;
  }

  private void admit() {
    Wave wave = parts.wave();
    wave.resume();
    queue.offer(entry -> wave.admit(entry, this::deliver));
  }

  private void sweep() throws IOException {
    Wave wave = parts.wave();
    List<Sequence> active = wave.active();
    if (active.isEmpty()) {
      return;
    }
    if (!runSweep(active)) {
      wave.remove(sequence -> !queue.isOpen(sequence.client()));
      return;
    }
    activity.begins(SweepStep.LOOK);
    // Before anybody hears of what was computed from it.
    parts.checkpoint().requireUnchanged();
    activity.begins(SweepStep.TELL);
    if (stalled) {
      return; // it came back too late: clients were told, and may be gone
    }
    List<Sequence> finished = wave.removeFinished();
    wave.remove(sequence -> !queue.isOpen(sequence.client()));
    parts.counters().rowsActive(wave.active().size(), wave.restingRows(), wave.putBackRows());
    wave.active().forEach(Sequence::tell);
    finished.forEach(sequence -> deliver(sequence.client(), sequence.result()));
  }

  /**
   * Runs a sweep, with smaller micro-batches where the device has too little memory for it.
   *
   * @return false if it was given up, as nobody waits for it any more
   */
  private boolean runSweep(List<Sequence> active) throws IOException {
    Sweeper sweeper = parts.sweeper();
    Set<EngineClient> clients =
        active.stream().map(Sequence::client).collect(Collectors.toUnmodifiableSet());
    while (true) {
      SweepSchedule schedule = SweepSchedule.of(active, sweeper.limits());
      parts.counters().sweepStarted(active.size());
      try {
        sweeper.run(schedule, mayFollow(schedule), () -> queue.isAnyOpen(clients));
        return true;
      } catch (SweepCancelled e) {
        LOG.info("a sweep is given up: {}", e.getMessage());
        return false;
      } catch (OutOfDeviceMemory e) {
        if (!e.mayTryAgain()) {
          throw e.asRefusal();
        }
        LOG.warn("the device is out of memory; micro-batches are halved: {}", e.getMessage(), e);
        parts.wave().keepLong();
        if (active.isEmpty()) {
          return false;
        }
      }
    }
  }

  /**
   * Whether there is or may be a sweep after this one. Only a stop of all sequences at once proves
   * it wrong.
   */
  private boolean mayFollow(SweepSchedule schedule) {
    Wave wave = parts.wave();
    return queue.waitingRows() > 0
        || wave.restingRows() > 0
        || schedule.sequences() < wave.active().size()
        || !schedule.endsAllRows();
  }

  private void deliver(EngineClient client, RowResult result) {
    parts.counters().rowEnded(result.reason() == FinishReason.ERROR);
    client.sink().ended(result);
    queue.deliver(client, result);
  }

  /**
   * Stops after the tile under way; unfinished rows are lost to their clients, who are told. May be
   * called again, and beside any other call.
   *
   * @throws IllegalStateException if memory was not given back, the first time
   */
  @Override
  public void close() {
    end(null);
    if (stalled) {
      Uninterrupted.join(thread, LAST_WAIT);
      return;
    }
    Uninterrupted.join(thread);
    RuntimeException failure = closeFailure.getAndSet(null);
    if (failure != null) {
      throw failure;
    }
  }
}
