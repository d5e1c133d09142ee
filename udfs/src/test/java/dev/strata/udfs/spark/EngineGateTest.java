package dev.strata.udfs.spark;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(120)
class EngineGateTest {

  private final EngineGate gate = new EngineGate();

  private interface Entrance {
    void await() throws InterruptedException;
  }

  private static CompletableFuture<Void> start(Entrance entrance) {
    return CompletableFuture.runAsync(
        () -> {
          try {
            entrance.await();
          } catch (InterruptedException e) {
            throw new IllegalStateException(e);
          }
        });
  }

  private static void assertWaits(CompletableFuture<Void> entering) {
    assertThatThrownBy(() -> entering.get(100, TimeUnit.MILLISECONDS))
        .isInstanceOf(TimeoutException.class);
  }

  @Test
  void whoIsAloneIsSo() throws Exception {
    gate.enter(1);
    gate.enter(2);
    CompletableFuture<Void> alone = start(() -> gate.enterAlone(3));
    assertWaits(alone);
    gate.enter(1); // once more
    CompletableFuture<Void> late = start(() -> gate.enter(4));
    assertWaits(late);
    gate.leave(1);
    gate.leave(2);
    alone.get();
    assertWaits(late);
    CompletableFuture<Void> next = start(() -> gate.enterAlone(5));
    assertWaits(next);
    gate.leave(3);
    next.get();
    gate.leave(5);
    late.get();
  }

  @Test
  void whoDoesNotWaitAnyMoreHoldsNobodyUp() throws Exception {
    gate.enter(1);
    Thread waiting =
        new Thread(
            () -> {
              try {
                gate.enterAlone(2);
              } catch (InterruptedException e) {
                gate.leave(2); // as a task does that is killed
              }
            });
    waiting.start();
    CompletableFuture<Void> late = start(() -> gate.enter(3));
    waiting.interrupt();
    waiting.join();
    late.get();
    assertThat(late).isCompleted();
  }
}
