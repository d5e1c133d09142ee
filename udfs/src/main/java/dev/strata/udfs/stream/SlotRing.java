package dev.strata.udfs.stream;

import dev.strata.udfs.concurrent.Daemons;
import dev.strata.udfs.concurrent.Uninterrupted;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Collection;
import java.util.Deque;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Predicate;

/**
 * A ring of slots that a thread of its own fills ahead, in the order in which entries are demanded.
 * It goes on as far as slots are free and entries are demanded, so whoever fills never waits for a
 * computation that is not behind by a whole ring.
 *
 * <p>When {@link #next} returns an entry, the filling of the entry after it has started, if that is
 * demanded and a slot is free: whatever is done with an entry overlaps the next one's filling.
 *
 * <p>An entry that could not be filled, by whatever was thrown, is never given out: whoever waits
 * for it is told, and the ring stands still until what is demanded is {@link #abandon abandoned}.
 *
 * <p>One thread calls {@link #demand}, {@link #retract}, {@link #next}, {@link #abandon} and {@link
 * Lease#close}, or one the first two and another takes and closes.
 *
 * @param <E> what a slot is filled with
 */
public final class SlotRing<E> implements AutoCloseable {

  /** Fills slots, on the ring's thread. */
  public interface Filler<E> {

    /**
     * Fills a slot that nobody else uses.
     *
     * @param count the entry's number, counted from 0 through all that were given to the filler
     * @param started to be called when the filling has started, that is when nothing but its own
     *     work holds it up
     */
    void fill(long count, E entry, int slot, Runnable started) throws IOException;
  }

  /** Begins to fill slots, on the ring's thread. */
  public interface Beginner<E> {

    /**
     * Begins to fill a slot that nobody else uses.
     *
     * @param count the entry's number, counted from 0 through all that were given to the filler
     * @param started to be called when the filling has started, that is when nothing but its own
     *     work holds it up
     * @return completed when nothing writes to the slot any more, exceptionally if filling failed
     */
    CompletableFuture<?> begin(long count, E entry, int slot, Runnable started) throws IOException;
  }

  /** An entry to be filled. */
  private record Entry<E>(long count, E entry) {}

  private final int slots;
  private final int atOnce;
  private final Beginner<E> beginner;
  private final Thread thread;

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();

  // Entries that are demanded and not yet taken by next(); the first has the number `taken`.
  private final Deque<E> ahead = new ArrayDeque<>();
  // Entries that are demanded and not yet given to the filler.
  private final Deque<E> unfilled = new ArrayDeque<>();

  // Entries that were closed while an earlier one is not.
  private final Set<Long> closedAhead = new HashSet<>();

  // Counts of entries, guarded by the lock. Entry k is in slot k % slots; so many were given to the
  // filler as `given` says.
  private long demanded;
  private long started;
  private long filled;
  private long taken;
  private long released;
  private long given;
  private boolean filling;
  private Throwable failure;
  private boolean closed;

  /**
   * Starts the filling thread.
   *
   * @param slots at least 2
   */
  public SlotRing(String threadName, int slots, Filler<E> filler) {
    this(
        threadName,
        slots,
        1,
        (count, entry, slot, started) -> {
          filler.fill(count, entry, slot, started);
          return CompletableFuture.completedFuture(null);
        });
  }

  /**
   * Starts the filling thread.
   *
   * @param slots at least 2
   * @param atOnce fillings under way at most, at least 1
   */
  public SlotRing(String threadName, int slots, int atOnce, Beginner<E> beginner) {
    if (slots < 2) {
      throw new IllegalArgumentException("a ring needs 2 slots, got " + slots);
    }
    if (atOnce < 1) {
      throw new IllegalArgumentException("a ring fills 1 slot at once or more, got " + atOnce);
    }
    this.slots = slots;
    this.atOnce = atOnce;
    this.beginner = beginner;
    this.thread = Daemons.thread(threadName, this::fillAhead);
    thread.start();
  }

  /**
   * An entry in its slot, the taker's until it is closed. A slot is filled anew when all entries up
   * to its own are closed.
   */
  public final class Lease implements AutoCloseable {

    private final long count;
    private final E entry;

    private Lease(long count, E entry) {
      this.count = count;
      this.entry = entry;
    }

    /** The entry's number, counted from 0 through all that the filler was given. */
    public long count() {
      return count;
    }

    public E entry() {
      return entry;
    }

    public int slot() {
      return slotOf(count);
    }

    /** Gives the slot back to the ring. */
    @Override
    public void close() {
      lock.lock();
      try {
        if (count >= released) {
          closedAhead.add(count);
        }
        while (closedAhead.remove(released)) {
          released++;
        }
        changed.signalAll();
      } finally {
        lock.unlock();
      }
    }
  }

  /** Lets entries follow those that were demanded so far. */
  public void demand(Collection<? extends E> entries) {
    lock.lock();
    try {
      ahead.addAll(entries);
      unfilled.addAll(entries);
      demanded += entries.size();
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /**
   * Forgets entries that are demanded and not given to the filler. Those that are go on their way.
   *
   * @param gone asked once of each entry that can be forgotten, in their order, under the ring's
   *     lock
   */
  public void retract(Predicate<? super E> gone) {
    lock.lock();
    try {
      if (!unfilled.removeIf(gone)) {
        return;
      }
      while (ahead.size() > given - taken) {
        ahead.removeLast();
      }
      ahead.addAll(unfilled);
      demanded = given + unfilled.size();
      changed.signalAll(); // whoever waits until a later one's filling has started
    } finally {
      lock.unlock();
    }
  }

  /**
   * The next entry, waiting until its slot is filled.
   *
   * @throws IOException if filling failed
   * @throws IllegalStateException if nothing is demanded or every slot is leased
   */
  public Lease next() throws IOException {
    lock.lock();
    try {
      requireTakable();
      while (failure == null && !closed && (filled <= taken || !isNextStarted())) {
        changed.awaitUninterruptibly();
      }
      throwFailure();
      return new Lease(taken++, ahead.remove());
    } finally {
      lock.unlock();
    }
  }

  private void requireTakable() {
    if (taken >= demanded) {
      throw new IllegalStateException("entry " + taken + " was not demanded");
    }
    if (taken - released >= slots) {
      throw new IllegalStateException("all " + slots + " slots are leased");
    }
  }

  /** Whether the filling after the next entry has started, or cannot start yet. */
  private boolean isNextStarted() {
    long next = taken + 1;
    return started > next || next >= demanded || next - released >= slots;
  }

  private void throwFailure() throws IOException {
    if (failure instanceof IOException e) {
      throw new IOException(e.getMessage(), e);
    }
    if (failure != null) {
      throw new IllegalStateException("streaming failed: " + failure.getMessage(), failure);
    }
    if (closed) {
      throw new IllegalStateException("the ring is closed");
    }
  }

  private int slotOf(long count) {
    return (int) (count % slots);
  }

  private void fillAhead() {
    Deque<CompletableFuture<?>> underWay = new ArrayDeque<>();
    boolean open = true;
    while (open) {
      try {
        open = step(underWay);
      } catch (Throwable e) {
        // Whoever is told may use anew, or free, what the others still write to.
        underWay.forEach(other -> other.exceptionally(problem -> null).join());
        underWay.clear();
        fail(e instanceof CompletionException && e.getCause() != null ? e.getCause() : e);
      }
    }
  }

  /** Begins a filling or awaits the first; false when the ring is closed and none is under way. */
  private boolean step(Deque<CompletableFuture<?>> underWay) throws IOException {
    Entry<E> next = mayBegin(underWay) ? take(underWay.isEmpty()) : null;
    if (next != null) {
      underWay.add(begin(next));
      return true;
    }
    if (underWay.isEmpty()) {
      return false;
    }
    underWay.element().join();
    underWay.remove();
    advanceFilled(underWay.size());
    return true;
  }

  /** What was filled goes out first. */
  private boolean mayBegin(Deque<CompletableFuture<?>> underWay) {
    return underWay.isEmpty() || (underWay.size() < atOnce && !underWay.element().isDone());
  }

  private CompletableFuture<?> begin(Entry<E> next) throws IOException {
    long count = next.count();
    return beginner.begin(count, next.entry(), slotOf(count), () -> advanceStarted(count + 1));
  }

  /**
   * The next entry to fill; null when the ring is closed, or when no entry may be filled and that
   * is not to be awaited.
   */
  private Entry<E> take(boolean await) {
    lock.lock();
    try {
      while (await && !closed && !mayFill()) {
        changed.awaitUninterruptibly();
      }
      if (closed || !mayFill()) {
        return null;
      }
      filling = true;
      return new Entry<>(given++, unfilled.remove());
    } finally {
      lock.unlock();
    }
  }

  private boolean mayFill() {
    return failure == null && given < demanded && given - released < slots;
  }

  private void advanceStarted(long count) {
    lock.lock();
    try {
      started = Math.max(started, count);
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** All that were given to the filler are filled, but for the last ones, still under way. */
  private void advanceFilled(int underWay) {
    lock.lock();
    try {
      filling = underWay > 0;
      filled = given - underWay;
      started = Math.max(started, filled);
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** A filling has failed, and none is under way. */
  private void fail(Throwable problem) {
    lock.lock();
    try {
      filling = false;
      failure = problem;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /**
   * Forgets what is demanded and not taken, and what went wrong with filling it. When this returns
   * nothing is being filled; what is demanded next is filled anew. All entries that were taken must
   * be closed. To be called where no filling waits for the calling thread.
   *
   * @throws IllegalStateException if a slot is leased
   */
  public void abandon() {
    lock.lock();
    try {
      if (taken > released) {
        throw new IllegalStateException(taken - released + " slots are leased");
      }
      ahead.clear();
      unfilled.clear();
      demanded = given;
      while (filling) {
        changed.awaitUninterruptibly();
      }
      started = given;
      filled = given;
      taken = given;
      released = given;
      failure = null;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** Whether the next entry is waited for, and is being filled. */
  public boolean isFillingAwaited() {
    lock.lock();
    try {
      return filling && filled <= taken && taken < given;
    } finally {
      lock.unlock();
    }
  }

  /** How far it is, for a log. */
  @Override
  public String toString() {
    lock.lock();
    try {
      return "%d of %d slots are filled or leased, %d are being filled; next is %s, %d are demanded"
          .formatted(filled - released, slots, given - filled, ahead.peek(), demanded - taken);
    } finally {
      lock.unlock();
    }
  }

  /** Stops filling and waits for fillings under way to end. */
  @Override
  public void close() {
    lock.lock();
    try {
      closed = true;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
    Uninterrupted.join(thread);
  }
}
