package dev.strata.udfs.tensor;

import dev.strata.udfs.concurrent.Daemons;
import dev.strata.udfs.concurrent.Uninterrupted;
import java.util.Comparator;
import java.util.PriorityQueue;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;

/**
 * Allocates host memory ahead of its use, on a thread of its own, what a sweep needs first before
 * what it needs later. Pinned memory takes from a fifteenth of a second to a second for each
 * gibibyte, and a first sweep that waited for all of it would wait for minutes; so it starts with
 * the rings, and pieces come while its first layers are read.
 */
final class HostAllocator implements AutoCloseable {

  private final ComputeDevice device;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition changed = lock.newCondition();
  private final PriorityQueue<HostMemory> waiting =
      new PriorityQueue<>(Comparator.comparingDouble(HostMemory::firstUse));
  private Thread thread;
  private long requestedBytes;
  private long allocatedBytes;
  private boolean allocating;
  private Throwable end;

  HostAllocator(ComputeDevice device) {
    this.device = device;
  }

  /** Memory that is needed when so much of a sweep is done, from 0 to 1. */
  HostMemory request(String owner, NumberType type, double firstUse, long... shape) {
    HostMemory memory = new HostMemory(owner, type, firstUse, shape);
    lock.lock();
    try {
      requestedBytes += memory.bytes();
      if (end == null) {
        waiting.add(memory);
        changed.signalAll();
        startThread();
      } else {
        memory.fail(end);
      }
      return memory;
    } finally {
      lock.unlock();
    }
  }

  private void startThread() {
    if (thread == null) {
      Thread started = Daemons.thread("strata-host-memory", this::allocateAll);
      started.start();
      thread = started;
    }
  }

  /** Where one piece is not to be had, the next is not either. */
  private void allocateAll() {
    try {
      for (HostMemory memory = next(); memory != null; memory = next()) {
        memory.allocate(device);
        count(memory);
      }
    } catch (Throwable e) {
      stop(e);
    }
  }

  /** The piece that is needed next, or null when no more are to come. */
  private HostMemory next() {
    lock.lock();
    try {
      while (waiting.isEmpty() && end == null) {
        changed.awaitUninterruptibly();
      }
      allocating = !waiting.isEmpty();
      return waiting.poll();
    } finally {
      lock.unlock();
    }
  }

  private void count(HostMemory memory) {
    lock.lock();
    try {
      allocatedBytes += memory.bytes();
      allocating = false;
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  private void stop(Throwable cause) {
    lock.lock();
    try {
      end = cause;
      allocating = false;
      waiting.forEach(memory -> memory.fail(cause));
      waiting.clear();
      changed.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** Bytes that were asked for. */
  long requestedBytes() {
    lock.lock();
    try {
      return requestedBytes;
    } finally {
      lock.unlock();
    }
  }

  /** Bytes of them that are there. */
  long allocatedBytes() {
    lock.lock();
    try {
      return allocatedBytes;
    } finally {
      lock.unlock();
    }
  }

  /**
   * Gives up what is not there yet, telling whoever waits for it, and waits for a piece under way.
   * What is requested afterwards is allocated again.
   */
  void drop() {
    lock.lock();
    try {
      waiting.forEach(memory -> memory.fail(new IllegalStateException("no longer wanted")));
      waiting.clear();
      while (allocating) {
        changed.awaitUninterruptibly();
      }
      requestedBytes = 0;
      allocatedBytes = 0;
    } finally {
      lock.unlock();
    }
  }

  /** Whoever waits for memory is told that none comes any more; waits for a piece under way. */
  @Override
  public void close() {
    stop(new IllegalStateException("the device is closed"));
    if (thread != null) {
      Uninterrupted.join(thread);
    }
  }
}
