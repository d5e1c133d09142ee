package dev.strata.udfs.concurrent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.EOFException;
import java.io.IOException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class UninterruptedTest {

  private final CountDownLatch release = new CountDownLatch(1);
  private final AtomicBoolean done = new AtomicBoolean();

  /** Work that is done some time after it was released. */
  private void work() {
    try {
      release.await();
      Thread.sleep(50);
      done.set(true);
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  /** Lets a thread wait that was interrupted before, and the work end meanwhile. */
  private void interrupted(Runnable wait) {
    Thread.currentThread().interrupt();
    release.countDown();
    wait.run();
    assertThat(Thread.interrupted()).as("the thread is interrupted again").isTrue();
    assertThat(done).as("the work is done").isTrue();
  }

  @Test
  void aThreadIsWaitedFor() {
    Thread thread = Daemons.thread("work", this::work);
    assertThat(thread.isDaemon()).isTrue();
    thread.start();
    interrupted(() -> Uninterrupted.join(thread));
    assertThat(thread.isAlive()).isFalse();
  }

  @Test
  void aThreadThatWasNeverStartedIsNotWaitedFor() {
    Uninterrupted.join(Daemons.thread("idle", () -> {}));
    assertThat(Thread.currentThread().isInterrupted()).isFalse();
  }

  @Test
  void threadsFinishWhatTheyWereGiven() {
    ExecutorService threads = Executors.newSingleThreadExecutor(Daemons.named("work"));
    threads.execute(() -> {});
    threads.execute(this::work);
    interrupted(() -> Uninterrupted.finish(threads));
    assertThat(threads.isTerminated()).isTrue();
  }

  @Test
  void aResultIsWaitedFor() {
    CompletableFuture<String> result =
        CompletableFuture.supplyAsync(
            () -> {
              work();
              return "result";
            });
    interrupted(
        () -> {
          try {
            assertThat(Uninterrupted.get(result)).isEqualTo("result");
          } catch (IOException e) {
            throw new AssertionError(e);
          }
        });
  }

  @Test
  void whatWorkThrowsIsAnIoException() {
    IOException end = new EOFException("end");
    assertThatThrownBy(() -> Uninterrupted.get(CompletableFuture.failedFuture(end))).isSameAs(end);
    IllegalStateException other = new IllegalStateException("other");
    assertThatThrownBy(() -> Uninterrupted.get(CompletableFuture.failedFuture(other)))
        .isInstanceOf(IOException.class)
        .hasCause(other);
  }
}
