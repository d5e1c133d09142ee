package dev.strata.udfs.tensor;

import ai.djl.pytorch.jni.JniUtils;
import dev.strata.udfs.concurrent.Uninterrupted;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.IntConsumer;

/**
 * Threads of a CPU that run small kernels side by side, each kernel on one of them. PyTorch splits
 * every kernel over all its threads, and where one is small, waking them takes many times longer
 * than its work: with {@code OMP_WAIT_POLICY=PASSIVE} 100 µs for 10 µs of attention to one token.
 */
final class KernelThreads implements AutoCloseable {

  private final int count;
  private final ExecutorService threads;

  /** As many as PyTorch has. */
  KernelThreads() {
    this.count = JniUtils.getNumThreads();
    this.threads = Executors.newFixedThreadPool(count, KernelThreads::thread);
    try {
      // Each reads PyTorch's number of threads once, and that is to be 1 until all have.
      run(count, part -> {});
      JniUtils.setNumThreads(count);
    } catch (Throwable e) {
      Holdings.closeAfter(e, this);
      throw e;
    }
  }

  private static Thread thread(Runnable work) {
    Thread thread =
        new Thread(
            () -> {
              JniUtils.setNumThreads(1);
              JniUtils.getNumThreads();
              work.run();
            },
            "strata-kernels");
    thread.setDaemon(true);
    return thread;
  }

  int count() {
    return count;
  }

  /**
   * Runs parts 0 to {@code parts - 1} side by side and waits for all of them, also where one fails
   * or cannot be started: no kernel runs any more when this returns.
   *
   * @throws RuntimeException or Error, what the first that failed threw
   */
  void run(int parts, IntConsumer work) {
    List<Future<?>> running = new ArrayList<>();
    Throwable failure = null;
    try {
      for (int i = 0; i < parts; i++) {
        int part = i;
        running.add(threads.submit(() -> work.accept(part)));
      }
    } catch (Throwable e) {
      failure = e;
    }
    for (Future<?> part : running) {
      Throwable ended = Uninterrupted.failureOf(part);
      failure = failure == null ? ended : failure;
    }
    throwUnchecked(failure);
  }

  private static void throwUnchecked(Throwable failure) {
    if (failure instanceof Error error) {
      throw error;
    }
    if (failure instanceof RuntimeException exception) {
      throw exception;
    }
  }

  @Override
  public void close() {
    threads.shutdown();
  }
}
