package dev.strata.udfs.engine;

import dev.strata.udfs.api.EngineOptions;
import dev.strata.udfs.api.EngineSnapshot;
import dev.strata.udfs.api.FinishReason;
import dev.strata.udfs.api.StrataException;
import dev.strata.udfs.concurrent.Daemons;
import dev.strata.udfs.concurrent.Uninterrupted;
import dev.strata.udfs.store.Checkpoint;
import dev.strata.udfs.tensor.HostMemoryException;
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
      EngineListener listener,
      SweepObserver observer) {
    this.checkpoint = checkpoint;
    this.counters = new Counters(checkpoint.spec().layers().size());
    this.sweeper = new Sweeper(checkpoint, options, counters, listener, observer);
    this.wave =
        new Wave(checkpoint.spec(), sweeper.plan(), sweeper.pool(), sweeper.longestSequence());
    this.queue = new RowQueue(sweeper.plan().waveRows());
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
    return start(options, EngineListener.NONE, observer);
  }

  /**
   * The same for a model that is open already, which the engine closes when it is closed or cannot
   * be started.
   *
   * @throws StrataException if the device or the budget cannot be used
   */
  public static Engine start(EngineOptions options, Checkpoint checkpoint) {
    return start(options, checkpoint, EngineListener.NONE, SweepObserver.NONE);
  }

  static Engine start(EngineOptions options, EngineListener listener) {
    return start(options, listener, SweepObserver.NONE);
  }

  private static Engine start(
      EngineOptions options, EngineListener listener, SweepObserver observer) {
    Checkpoint checkpoint = Checkpoint.open(options.model(), options.io(), options.hostMemory());
    return start(options, checkpoint, listener, observer);
  }

  private static Engine start(
      EngineOptions options,
      Checkpoint checkpoint,
      EngineListener listener,
      SweepObserver observer) {
    try {
      Engine engine = new Engine(checkpoint, options, listener, observer);
      LOG.info("{}", engine.describePlan());
      engine.thread.start();
      return engine;
    } catch (IllegalArgumentException e) {
      throw closed(checkpoint, new StrataException(StrataException.Fault.USAGE, e.getMessage(), e));
    } catch (RuntimeException e) {
      boolean tooLittle = OutOfDeviceMemory.isCauseOf(e);
      throw closed(checkpoint, tooLittle ? new OutOfDeviceMemory(false, e).asRefusal() : e);
    }
  }

  private static RuntimeException closed(Checkpoint checkpoint, RuntimeException failure) {
    try {
      checkpoint.close();
    } catch (IOException e) {
      failure.addSuppressed(e);
    }
    return failure;
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
    return sweeper.snapshot(queue.waitingRows());
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
      LOG.error("the engine ends: {}", e.getMessage(), e);
      queue.close(told(e));
    }
  }

  /** Host memory that comes while sweeps go on may be refused like that which is there before. */
  private static Throwable told(Throwable failure) {
    for (Throwable e = failure; e != null; e = e.getCause()) {
      if (e instanceof HostMemoryException) {
        return StrataException.resources(
            "%s; end what else uses the machine's memory, or set spark.strata.host.memory lower",
            e.getMessage());
      }
    }
    return failure;
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
        LOG.warn("the device is out of memory; micro-batches are halved: {}", e.getMessage(), e);
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
    Uninterrupted.join(thread);
    sweeper.close();
    try {
      checkpoint.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
