package dev.strata.udfs.spark;

import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Lets the tasks of a process have rows in its engines together, or one of them alone. Who wants to
 * be alone waits until the others have left, and those that come meanwhile wait for it.
 */
final class EngineGate {

  /** That of this process. */
  static final EngineGate OF_THIS_JVM = new EngineGate();

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private final Set<Long> inside = new HashSet<>();
  private final Set<Long> wanting = new HashSet<>();
  private boolean isAlone;

  /** Waits until nobody else is alone, or is about to be. */
  void enter(long task) throws InterruptedException {
    lock.lockInterruptibly();
    try {
      while (!inside.contains(task) && (isAlone || !wanting.isEmpty())) {
        changed.await();
      }
      inside.add(task);
    } finally {
      lock.unlock();
    }
  }

  /** Waits until nobody is there; who waits must have left. */
  void enterAlone(long task) throws InterruptedException {
    lock.lockInterruptibly();
    wanting.add(task);
    try {
      while (!inside.isEmpty()) {
        changed.await();
      }
      inside.add(task);
      isAlone = true;
    } finally {
      wanting.remove(task);
      changed.signalAll();
      lock.unlock();
    }
  }

  /** Lets others in; for a task that is not inside this does nothing. */
  void leave(long task) {
    lock.lock();
    try {
      if (inside.remove(task)) {
        isAlone = false;
        changed.signalAll();
      }
    } finally {
      lock.unlock();
    }
  }
}
