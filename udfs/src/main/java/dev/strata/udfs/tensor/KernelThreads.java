package dev.strata.udfs.tensor;

import ai.djl.pytorch.jni.JniUtils;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.IntConsumer;
import java.util.stream.IntStream;

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
    // Each reads PyTorch's number of threads once, and that is to be 1 until all have.
    run(count, part -> {});
    JniUtils.setNumThreads(count);
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
   * Runs parts 0 to {@code parts - 1} side by side and waits for all of them.
   *
   * @throws RuntimeException what the first that failed threw
   */
  void run(int parts, IntConsumer work) {
    List<CompletableFuture<Void>> running =
        IntStream.range(0, parts)
            .mapToObj(part -> CompletableFuture.runAsync(() -> work.accept(part), threads))
            .toList();
    try {
      CompletableFuture.allOf(running.toArray(CompletableFuture[]::new)).join();
    } catch (CompletionException e) {
      throw e.getCause() instanceof RuntimeException cause ? cause : e;
    }
  }

  @Override
  public void close() {
    threads.shutdown();
  }
}
