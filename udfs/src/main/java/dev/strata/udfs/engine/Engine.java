package dev.strata.udfs.engine;

import dev.strata.udfs.api.EngineOptions;
import dev.strata.udfs.api.EngineSnapshot;
import dev.strata.udfs.api.FinishReason;
import dev.strata.udfs.api.StrataException;
import dev.strata.udfs.store.Checkpoint;
import dev.strata.udfs.tensor.Holdings;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.List;
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

  private final Checkpoint checkpoint;
  private final Counters counters;
  private final Sweeper sweeper;
  private final Wave wave;
  private final RowQueue queue;
  private final Thread thread;

  private Engine(
      Checkpoint checkpoint,
      EngineOptions options,
      DeviceSource devices,
      EngineListener listener,
      SweepObserver observer) {
    this.checkpoint = checkpoint;
    this.counters = new Counters(checkpoint.spec().layers().size());
    this.sweeper = new Sweeper(checkpoint, options, devices, counters, listener, observer);
    try {
      this.wave =
          new Wave(checkpoint.spec(), sweeper.plan(), sweeper.pool(), sweeper.longestSequence());
      this.queue = new RowQueue(sweeper.plan().waveRows());
      this.thread = new Thread(this::run, "strata-sweeps");
      thread.setDaemon(true);
    } catch (Throwable e) {
      Holdings.closeAfter(e, sweeper);
      throw e;
    }
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
    return start(options, EngineListener.NONE, observer);
  }

  /**
   * The same for a model that is open already, which the engine closes when it is closed or cannot
   * be started.
   *
   * @throws StrataException if the device or the budget cannot be used
   */
  public static Engine start(EngineOptions options, Checkpoint checkpoint) {
    return start(
        options, checkpoint, DeviceSource.OF_OPTIONS, EngineListener.NONE, SweepObserver.NONE);
  }

  /** The same on a device that comes from elsewhere. */
  static Engine start(EngineOptions options, DeviceSource devices) {
    Checkpoint checkpoint = Checkpoint.open(options.model(), options.io(), options.hostMemory());
    return start(options, checkpoint, devices, EngineListener.NONE, SweepObserver.NONE);
  }

  static Engine start(EngineOptions options, EngineListener listener) {
    return start(options, listener, SweepObserver.NONE);
  }

  private static Engine start(
      EngineOptions options, EngineListener listener, SweepObserver observer) {
    Checkpoint checkpoint = Checkpoint.open(options.model(), options.io(), options.hostMemory());
    return start(options, checkpoint, DeviceSource.OF_OPTIONS, listener, observer);
  }

  private static Engine start(
      EngineOptions options,
      Checkpoint checkpoint,
      DeviceSource devices,
      EngineListener listener,
      SweepObserver observer) {
    try {
      Engine engine = new Engine(checkpoint, options, devices, listener, observer);
      engine.startThread();
      return engine;
    } catch (IllegalArgumentException e) {
      Holdings.closeAfter(e, checkpoint);
      throw new StrataException(StrataException.Fault.USAGE, e.getMessage(), e);
    } catch (Throwable e) {
      Holdings.closeAfter(e, checkpoint);
      if (OutOfDeviceMemory.isCauseOf(e)) {
        throw new OutOfDeviceMemory(false, e).asRefusal();
      }
      throw e;
    }
  }

  private void startThread() {
    try {
      LOG.info("{}", describePlan());
      thread.start();
    } catch (Throwable e) {
      Holdings.closeAfter(e, sweeper);
      throw e;
    }
  }

  /** A new client; each task has its own. */
  public EngineClient open() {
    EngineClient client = new EngineClient(this);
    queue.open(client);
    return client;
  }

  /** The model's checkpoint, open as long as the engine is. */
  public Checkpoint checkpoint() {
    return checkpoint;
  }

  /** The most sequences active in one sweep. */
  public int waveRows() {
    return sweeper.plan().waveRows();
  }

  /** The memory plan as a person reads it. */
  public String describePlan() {
    return sweeper.plan().describe();
  }

  /** The memory that the engine held at most, and its budgets. */
  public MemoryFigures memory() {
    return sweeper.memory();
  }

  /** What the engine has done and where it is. */
  public EngineSnapshot snapshot() {
    return counters.snapshot(queue.waitingRows());
  }

  Counters counters() {
    return counters;
  }

  /** Whether the engine ended with an error. */
  public boolean isFailed() {
    return queue.isFailed();
  }

  void submit(EngineClient client, GenerationRequest request) {
    queue.submit(client, request);
  }

  GenerationResult take(EngineClient client) throws InterruptedException {
    return queue.take(client);
  }

  GenerationResult poll(EngineClient client) {
    return queue.poll(client);
  }

  int unfinished(EngineClient client) {
    return queue.unfinished(client);
  }

  void cancel(EngineClient client) {
    queue.cancel(client);
  }

  private void run() {
    try {
      sweeper.startThread();
      while (!queue.isClosed() && hasRows()) {
        wave.makeRoom();
        admit();
        sweep();
      }
    } catch (Throwable e) {
      Throwable told = e;
      try {
        told = refusalOr(e);
      } finally {
        queue.close(told);
      }
      LOG.error("the engine ends: {}", told.getMessage());
    }
  }

  /** What a person is told of a failure. */
  private static Throwable refusalOr(Throwable e) {
    boolean isShortage = !(e instanceof StrataException) && OutOfDeviceMemory.isCauseOf(e);
    return isShortage ? new OutOfDeviceMemory(false, e).asRefusal() : e;
  }

  private boolean hasRows() throws InterruptedException {
    return !wave.isEmpty() || queue.awaitRows();
  }

  private void admit() {
    wave.resume();
    queue.offer(entry -> wave.admit(entry, this::deliver));
  }

  private void sweep() throws IOException {
    List<Sequence> active = wave.active();
    if (active.isEmpty()) {
      return;
    }
    runSweep(active);
    List<Sequence> finished = wave.removeFinished();
    wave.remove(sequence -> !queue.isOpen(sequence.client()));
    counters.rowsActive(wave.active().size(), wave.restingRows(), wave.putBackRows());
    finished.forEach(sequence -> deliver(sequence.client(), sequence.result()));
  }

  /** Runs a sweep, with smaller micro-batches where the device has too little memory for it. */
  private void runSweep(List<Sequence> active) throws IOException {
    while (true) {
      SweepSchedule schedule =
          SweepSchedule.of(active, sweeper.sweepTokens(), sweeper.plan().logitRows());
      counters.sweepStarted(active.size());
      try {
        sweeper.run(schedule, mayFollow(schedule));
        return;
      } catch (OutOfDeviceMemory e) {
        if (!e.mayTryAgain()) {
          throw e.asRefusal();
        }
        LOG.warn("the device is out of memory; micro-batches are halved: {}", e.getMessage());
      }
    }
  }

  /**
   * Whether there is or may be a sweep after this one. Only a stop of all sequences at once proves
   * it wrong.
   */
  private boolean mayFollow(SweepSchedule schedule) {
    return queue.waitingRows() > 0
        || wave.restingRows() > 0
        || schedule.runs().size() < wave.active().size()
        || schedule.runs().stream()
            .anyMatch(run -> !run.choosesToken() || !run.sequence().isLastToken());
  }

  private void deliver(EngineClient client, GenerationResult result) {
    counters.rowEnded(result.reason() == FinishReason.ERROR);
    queue.deliver(client, result);
  }

  /** Stops after the sweep under way; unfinished rows are lost to their clients, who are told. */
  @Override
  public void close() {
    queue.close(null);
    joinThread();
    try (checkpoint) {
      sweeper.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void joinThread() {
    boolean interrupted = false;
    while (thread.isAlive()) {
      try {
        thread.join();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
