package dev.strata.udfs.tensor;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Lanes without a GPU that are as mean as one may be: what is sent to a lane is queued, and runs as
 * late as the waits allow, on the thread of whoever has to wait for it. A wait that is missing, on
 * the host or in a lane, then gives the wrong numbers every time, not once in a thousand.
 *
 * <p>That finds readers that do not wait for what they read. Writers that do not wait until others
 * have read are found with copies that run as early as the waits allow, while kernels stay late.
 *
 * <p>A thread without a lane of its own does all its work at once. Work that fails ends the device,
 * as it does on a GPU: everybody who waits afterwards hears of it.
 */
final class SoftwareLanes implements DeviceLanes {

  /** Work that is queued. */
  interface Work extends AutoCloseable {

    void run();

    /** Gives back what the work holds, whether it ran or not. */
    @Override
    default void close() {}
  }

  /** What a lane has done when it has run so much of its work. */
  private record Point(SoftwareLane lane, long count) {

    boolean isPassed() {
      return lane.done >= count;
    }
  }

  /**
   * An entry of a lane's queue.
   *
   * @param after what the lane waits for, or null for work
   */
  private record Entry(Point after, Work work) {

    boolean mayRun() {
      return after == null || after.isPassed();
    }
  }

  private final boolean earlyCopies;
  private final List<SoftwareLane> copying = new CopyOnWriteArrayList<>();

  @SuppressWarnings("ThreadLocalUsage") // a thread sends to a lane of each device it works with
  private final ThreadLocal<SoftwareLane> bound = new ThreadLocal<>();

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();

  // Guarded by the lock, as are the lanes' fields.
  private RuntimeException failure;

  /**
   * @param earlyCopies whether lanes of copies run as early as the waits allow
   */
  SoftwareLanes(boolean earlyCopies) {
    this.earlyCopies = earlyCopies;
  }

  @Override
  public Lane newLane(String name) {
    return new SoftwareLane(name);
  }

  @Override
  public Lane newCopyLane(String name) {
    SoftwareLane lane = new SoftwareLane(name);
    copying.add(lane);
    return lane;
  }

  @Override
  public Mark newMark(boolean timed) {
    return new SoftwareMark(timed);
  }

  /** Whether the calling thread's work is queued. */
  boolean isBound() {
    return bound.get() != null;
  }

  /** Queues work in the calling thread's lane. */
  void send(Work work) {
    bound.get().send(work);
  }

  /** Runs all work of the calling thread's lane, if it has one. */
  void synchronize() {
    SoftwareLane lane = bound.get();
    if (lane != null) {
      lane.synchronize();
    }
  }

  @Override
  public void close() {}

  /** Runs what is necessary for a point to be passed. To be called with the lock. */
  private void pass(Point point) {
    throwFailure();
    while (!point.isPassed()) {
      point.lane().advance();
      throwFailure();
    }
  }

  private void throwFailure() {
    if (failure != null) {
      throw new IllegalStateException(failure.getMessage(), failure);
    }
  }

  /** Lets lanes of copies go as far as they can. To be called with the lock. */
  private void runEarly() {
    for (int ran = 1; earlyCopies && ran > 0; ) {
      ran = 0;
      for (SoftwareLane lane : copying) {
        ran += lane.runFirst() ? 1 : 0;
      }
    }
  }

  /** A lane, whose fields are guarded by the lock. */
  final class SoftwareLane extends Lane {

    private final Deque<Entry> queue = new ArrayDeque<>();
    private long sent;
    private long done;
    private boolean running;

    private SoftwareLane(String name) {
      super(name);
    }

    @Override
    public void bind() {
      bound.set(this);
    }

    @Override
    public void record(Mark mark) {
      SoftwareMark set = (SoftwareMark) mark;
      lock.lock();
      try {
        if (set.timed) {
          add(new Entry(null, set::stamp));
        }
        set.point = new Point(this, sent);
      } finally {
        lock.unlock();
      }
    }

    @Override
    public void await(Mark mark) {
      lock.lock();
      try {
        Point point = ((SoftwareMark) mark).point;
        if (point != null && !point.isPassed()) {
          add(new Entry(point, null));
        }
      } finally {
        lock.unlock();
      }
    }

    /** Queues work. */
    void send(Work work) {
      lock.lock();
      try {
        throwFailure();
        add(new Entry(null, work));
        runEarly();
      } finally {
        lock.unlock();
      }
    }

    private void add(Entry entry) {
      queue.add(entry);
      sent++;
    }

    private void synchronize() {
      lock.lock();
      try {
        pass(new Point(this, sent));
      } finally {
        lock.unlock();
      }
    }

    /** Comes a step further, or waits for the thread under way in this lane to do so. */
    private void advance() {
      long before = done;
      while (running && done == before) {
        changed.awaitUninterruptibly();
      }
      if (done != before) {
        return;
      }
      Point after = queue.element().after();
      if (after != null && !after.isPassed()) {
        pass(after);
      } else {
        runFirst();
        runEarly();
      }
    }

    /** Runs the first entry if it may run; the lock is given back meanwhile. */
    private boolean runFirst() {
      if (running || queue.isEmpty() || failure != null || !queue.element().mayRun()) {
        return false;
      }
      running = true;
      Entry entry = queue.element();
      lock.unlock();
      RuntimeException problem = null;
      try {
        problem = run(entry);
      } finally {
        lock.lock();
        failure = failure == null ? problem : failure;
        queue.remove();
        done++;
        running = false;
        changed.signalAll();
      }
      return true;
    }

    private RuntimeException run(Entry entry) {
      if (entry.work() == null) {
        return null;
      }
      try (Work work = entry.work()) {
        work.run();
        return null;
      } catch (RuntimeException e) {
        return e;
      }
    }

    /** Drops what nobody has waited for. */
    @Override
    public void close() {
      lock.lock();
      try {
        copying.remove(this);
        while (running) {
          changed.awaitUninterruptibly();
        }
        queue.stream().filter(entry -> entry.work() != null).forEach(e -> e.work().close());
        queue.clear();
        done = sent;
      } finally {
        lock.unlock();
      }
    }
  }

  private final class SoftwareMark extends Mark {

    private final boolean timed;
    private volatile Point point;
    private volatile long nanos;

    SoftwareMark(boolean timed) {
      this.timed = timed;
    }

    private void stamp() {
      nanos = System.nanoTime();
    }

    @Override
    public void awaitOnHost() {
      lock.lock();
      try {
        if (point != null) {
          pass(point);
        }
      } finally {
        lock.unlock();
      }
    }

    @Override
    double millisecondsUntil(Mark later) {
      return (((SoftwareMark) later).nanos - nanos) / 1e6;
    }

    @Override
    public void close() {}
  }
}
