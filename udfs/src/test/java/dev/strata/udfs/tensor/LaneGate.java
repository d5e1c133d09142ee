package dev.strata.udfs.tensor;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** Holds up a lane of a staged device: work sent after it runs when the gate is opened. */
public final class LaneGate implements AutoCloseable {

  private final CountDownLatch reached = new CountDownLatch(1);
  private final CountDownLatch open = new CountDownLatch(1);

  public LaneGate(Lane lane) {
    ((SoftwareLanes.SoftwareLane) lane)
        .send(
            () -> {
              reached.countDown();
              await(open);
            });
  }

  /** Waits until a thread is held up. */
  public void awaitReached() {
    try {
      if (!reached.await(50, TimeUnit.SECONDS)) {
        throw new AssertionError("nobody waits for the lane");
      }
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  private static void await(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  /** Opens the gate. */
  @Override
  public void close() {
    open.countDown();
  }
}
