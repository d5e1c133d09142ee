package dev.strata.udfs.tensor;

import ai.djl.pytorch.jni.JniUtils;
import dev.strata.udfs.concurrent.Failures;
import dev.strata.udfs.concurrent.Uninterrupted;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.IntConsumer;

/**
 * The threads of a CPU's kernels: parts of a kernel run side by side, each on one of them. PyTorch
 * itself is left one thread, for the whole process. It splits every kernel over all it has, and
 * where one is small, waking them takes many times longer than its work: with {@code
 * OMP_WAIT_POLICY=PASSIVE} 100 µs for 10 µs of attention to one token.
 */
final class KernelThreads implements AutoCloseable {

  /** What PyTorch takes by itself; asked before it is told otherwise. */
  private static final int OWN_CHOICE = JniUtils.getNumThreads();

  private final int count;
  private final ExecutorService threads;

  /**
   * @param wanted how many; 0 for as many as PyTorch takes by itself
   */
  KernelThreads(int wanted) {
    this.count = wanted > 0 ? wanted : OWN_CHOICE;
    // Each thread reads the number when it first runs a kernel: it is never set to another again.
    JniUtils.setNumThreads(1);
    this.threads = Executors.newFixedThreadPool(count, KernelThreads::thread);
  }

  private static Thread thread(Runnable work) {
    Thread thread = new Thread(work, "strata-kernels");
    thread.setDaemon(true);
    return thread;
  }

  int count() {
    return count;
  }

  /**
   * Runs parts 0 to {@code parts - 1} side by side, the first on the calling thread, and waits for
   * all of them, also where one fails or cannot be started: no kernel runs any more when this
   * returns.
   *
   * @throws RuntimeException or Error, what the first that failed threw
   */
  void run(int parts, IntConsumer work) {
    List<Future<?>> running = new ArrayList<>();
    Throwable failure = null;
    try {
      for (int i = 1; i < parts; i++) {
        int part = i;
        running.add(threads.submit(() -> work.accept(part)));
      }
      work.accept(0);
    } catch (Throwable e) {
      failure = e;
    }
    for (Future<?> part : running) {
      Throwable ended = Uninterrupted.failureOf(part);
      failure = failure == null ? ended : failure;
    }
    Failures.throwUnchecked(failure);
  }

  @Override
  public void close() {
    threads.shutdown();
  }
}
