package dev.strata.udfs.engine;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Predicate;

/**
 * Where tasks and the sweep thread meet: rows that wait, results that wait, and who waits for whom.
 */
final class RowQueue {

  /** A row and whose it is. */
  record Entry(EngineClient client, GenerationRequest request) {}

  private static final class ClientState {
    private final Deque<GenerationResult> results = new ArrayDeque<>();
    private int unfinished;
    private boolean parked;
  }

  private static final long LONGEST_DELAY_NANOS = TimeUnit.SECONDS.toNanos(1);

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition rowsChanged = lock.newCondition();
  private final Condition resultsChanged = lock.newCondition();
  private final Map<EngineClient, ClientState> clients = new HashMap<>();
  private final Deque<Entry> waiting = new ArrayDeque<>();
  private final int waveRows;
  private Throwable failure;
  private boolean closed;

  /**
   * @param waveRows as many waiting rows start an idle engine though clients still submit
   */
  RowQueue(int waveRows) {
    this.waveRows = waveRows;
  }

  void open(EngineClient client) {
    lock.lock();
    try {
      requireRunning();
      clients.put(client, new ClientState());
    } finally {
      lock.unlock();
    }
  }

  void submit(EngineClient client, GenerationRequest request) {
    lock.lock();
    try {
      requireRunning();
      state(client).unfinished++;
      waiting.add(new Entry(client, request));
      rowsChanged.signalAll();
    } finally {
      lock.unlock();
    }
  }

  GenerationResult take(EngineClient client) throws InterruptedException {
    lock.lockInterruptibly();
    try {
      ClientState state = state(client);
      state.parked = true;
      rowsChanged.signalAll();
      while (state.results.isEmpty()) {
        requireRunning();
        if (state.unfinished == 0) {
          throw new IllegalStateException("no row is unfinished");
        }
        resultsChanged.await();
      }
      return next(state);
    } finally {
      ClientState state = clients.get(client);
      if (state != null) {
        state.parked = false;
      }
      lock.unlock();
    }
  }

  GenerationResult poll(EngineClient client) {
    lock.lock();
    try {
      ClientState state = state(client);
      if (!state.results.isEmpty()) {
        return next(state);
      }
      requireRunning();
      return null;
    } finally {
      lock.unlock();
    }
  }

  private static GenerationResult next(ClientState state) {
    state.unfinished--;
    return state.results.remove();
  }

  int unfinished(EngineClient client) {
    lock.lock();
    try {
      return state(client).unfinished;
    } finally {
      lock.unlock();
    }
  }

  /** Forgets a client and its rows. After this no prompt of the client is read. */
  void cancel(EngineClient client) {
    lock.lock();
    try {
      clients.remove(client);
      waiting.removeIf(entry -> entry.client() == client);
      rowsChanged.signalAll();
    } finally {
      lock.unlock();
    }
  }

  private ClientState state(EngineClient client) {
    ClientState state = clients.get(client);
    if (state == null) {
      throw new IllegalStateException("the client is closed");
    }
    return state;
  }

  private void requireRunning() {
    if (failure != null) {
      throw new IllegalStateException("the engine failed: " + failure.getMessage(), failure);
    }
    if (closed) {
      throw new IllegalStateException("the engine is closed");
    }
  }

  /**
   * Waits until an idle engine has reason to start: a wave of rows is there, or all clients wait
   * for results. A client that does neither for long, because its results are not taken, does not
   * hold up the others.
   *
   * @return false when the queue is closed
   */
  boolean awaitRows() throws InterruptedException {
    lock.lock();
    try {
      while (!closed && waiting.isEmpty()) {
        rowsChanged.await();
      }
      long left = LONGEST_DELAY_NANOS;
      while (!closed && !mayStart() && left > 0) {
        left = rowsChanged.awaitNanos(left);
      }
      return !closed;
    } finally {
      lock.unlock();
    }
  }

  private boolean mayStart() {
    return !waiting.isEmpty()
        && (waiting.size() >= waveRows || clients.values().stream().allMatch(c -> c.parked));
  }

  /**
   * Offers waiting rows in order, until one is not taken. Prompts may be read while a row is
   * offered: clients cannot be closed meanwhile.
   */
  void offer(Predicate<Entry> take) {
    lock.lock();
    try {
      while (!waiting.isEmpty() && take.test(waiting.peek())) {
        waiting.remove();
      }
    } finally {
      lock.unlock();
    }
  }

  int waitingRows() {
    lock.lock();
    try {
      return waiting.size();
    } finally {
      lock.unlock();
    }
  }

  boolean isOpen(EngineClient client) {
    lock.lock();
    try {
      return clients.containsKey(client);
    } finally {
      lock.unlock();
    }
  }

  boolean isClosed() {
    lock.lock();
    try {
      return closed;
    } finally {
      lock.unlock();
    }
  }

  void deliver(EngineClient client, GenerationResult result) {
    lock.lock();
    try {
      ClientState state = clients.get(client);
      if (state != null) {
        state.results.add(result);
        resultsChanged.signalAll();
      }
    } finally {
      lock.unlock();
    }
  }

  /** Ends the queue: whoever waits is told. */
  void close(Throwable cause) {
    lock.lock();
    try {
      closed = true;
      failure = failure == null ? cause : failure;
      waiting.clear();
      rowsChanged.signalAll();
      resultsChanged.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** Whether the engine failed. */
  boolean isFailed() {
    lock.lock();
    try {
      return failure != null;
    } finally {
      lock.unlock();
    }
  }
}
