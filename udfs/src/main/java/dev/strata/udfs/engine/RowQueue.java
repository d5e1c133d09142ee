package dev.strata.udfs.engine;

import dev.strata.udfs.tensor.Footprint;
import java.util.ArrayDeque;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Predicate;

/**
 * Where tasks and the sweep thread meet: rows that wait, results that wait, and who waits for whom.
 */
final class RowQueue {

  /**
   * A row and whose it is.
   *
   * @param arrival how many rows were submitted before it
   */
  record Entry(EngineClient client, RowRequest request, long arrival) {

    private int allowance() {
      return request.ask().mostNewTokens();
    }
  }

  private static final class ClientState {
    private final Deque<RowResult> results = new ArrayDeque<>();
    private int unfinished;
    private boolean parked;
  }

  private static final String OWNER = "rows that wait";

  /** An entry, its places in both orders, its request, later its result. */
  private static final int ROW_BYTES = 512;

  /** A row that so many waves of later ones have overtaken is next. */
  private static final long OVERTAKING_WAVES = 4;

  private static final long LONGEST_DELAY_NANOS = TimeUnit.SECONDS.toNanos(1);

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition rowsChanged = lock.newCondition();
  private final Condition resultsChanged = lock.newCondition();
  private final Map<EngineClient, ClientState> clients = new HashMap<>();
  // The same rows twice: the longest allowance first, so that no long row is left over at the end
  // to sweep alone, and in the order of their arrival, so that none waits for ever.
  private final TreeSet<Entry> waiting =
      new TreeSet<>(
          Comparator.comparingInt(Entry::allowance).reversed().thenComparing(Entry::arrival));
  private final TreeSet<Entry> arrivals = new TreeSet<>(Comparator.comparing(Entry::arrival));
  private int waveRows;
  private long submitted;
  private long left;
  private Throwable failure;
  private boolean closed;

  /**
   * @param waveRows as many waiting rows start an idle engine though clients still submit
   */
  RowQueue(int waveRows) {
    this.waveRows = waveRows;
  }

  /** Sets how many waiting rows start an idle engine from now on. */
  void waveRows(int rows) {
    lock.lock();
    try {
      waveRows = rows;
    } finally {
      lock.unlock();
    }
  }

  /** What so many rows take that wait or whose results wait, without the tokens of results. */
  static Footprint footprint(int rows) {
    return Footprint.heap(OWNER, (long) rows * ROW_BYTES);
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

  void submit(EngineClient client, RowRequest request) {
    lock.lock();
    try {
      requireRunning();
      state(client).unfinished++;
      Entry entry = new Entry(client, request, submitted++);
      waiting.add(entry);
      arrivals.add(entry);
      rowsChanged.signalAll();
    } finally {
      lock.unlock();
    }
  }

  RowResult take(EngineClient client) throws InterruptedException {
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

  RowResult poll(EngineClient client) {
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

  private static RowResult next(ClientState state) {
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
      List<Entry> gone = waiting.stream().filter(entry -> entry.client() == client).toList();
      gone.forEach(this::remove);
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
      // The messages of errors, and of exceptions that have none, say nothing by themselves.
      boolean isSentence = failure instanceof Exception && failure.getMessage() != null;
      throw new IllegalStateException(
          "the engine failed: " + (isSentence ? failure.getMessage() : failure), failure);
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
   * Offers waiting rows, those that may become longest first, until one is not taken. A row that
   * four waves of later ones have overtaken goes before all others. Prompts may be read while a row
   * is offered: clients cannot be closed meanwhile.
   */
  void offer(Predicate<Entry> take) {
    lock.lock();
    try {
      while (!waiting.isEmpty() && take.test(next())) {
        remove(next());
      }
    } finally {
      lock.unlock();
    }
  }

  private Entry next() {
    Entry oldest = arrivals.first();
    return left - oldest.arrival() >= OVERTAKING_WAVES * waveRows ? oldest : waiting.first();
  }

  private void remove(Entry entry) {
    waiting.remove(entry);
    arrivals.remove(entry);
    left++;
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

  /** Whether one of some clients waits for rows. */
  boolean isAnyOpen(Set<EngineClient> some) {
    lock.lock();
    try {
      return !closed && some.stream().anyMatch(clients::containsKey);
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

  void deliver(EngineClient client, RowResult result) {
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
      arrivals.clear();
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
