package dev.strata.udfs.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.pytorch.jni.IValue;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Semaphore;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class HostAllocatorTest {

  /** Lets allocations of host memory go on one by one, and fails one. */
  private static final class Gate implements NativeCalls {

    private final Semaphore permits = new Semaphore(0);
    private volatile int failing = -1;
    private int calls;

    @Override
    public IValue call(ScriptCall call) {
      if (call.method().equals("empty_host")) {
        permits.acquireUninterruptibly();
        if (calls++ == failing) {
          throw new IllegalStateException("CUDA error: out of memory");
        }
      }
      return call.invoke();
    }
  }

  private final Gate gate = new Gate();

  private ComputeDevice open() {
    return ComputeDevice.open("staged", "float32", 1, gate);
  }

  private static HostMemory request(ComputeDevice device, double firstUse) {
    return device.hostMemory("test", NumberType.UINT8, firstUse, 1000);
  }

  /** The first is under way before the others are asked for. */
  @Test
  void whatIsNeededFirstComesFirst() {
    try (ComputeDevice device = open();
        HostMemory begun = request(device, 0.9)) {
      while (gate.permits.getQueueLength() == 0) {
        Thread.onSpinWait();
      }
      try (HostMemory last = request(device, 1);
          HostMemory first = request(device, 0);
          HostMemory second = request(device, 0.5)) {
        CompletableFuture<?> lastThere = CompletableFuture.runAsync(last::tensor);
        assertThat(device.hostBytesAhead()).isEqualTo(4000);
        assertThat(device.hostBytesThere()).isZero();
        gate.permits.release(3);
        assertThat(begun.tensor().bytes()).isEqualTo(1000);
        assertThat(first.buffer().capacity()).isEqualTo(1000);
        assertThat(second.buffer()).isSameAs(second.buffer());
        assertThat(lastThere).isNotDone();
        gate.permits.release();
        lastThere.join();
      }
    }
  }

  @Test
  void aShortageIsToldToAllThatWaitAndToWhoeverAsksLater() {
    gate.failing = 1;
    gate.permits.release(9);
    try (ComputeDevice device = open();
        HostMemory there = request(device, 0)) {
      there.tensor();
      try (HostMemory failed = request(device, 0);
          HostMemory waiting = request(device, 1)) {
        for (HostMemory missing : List.of(failed, waiting)) {
          assertThatThrownBy(missing::buffer)
              .isInstanceOf(HostMemoryException.class)
              .hasMessage("0 MiB of host memory for test are not to be had")
              .hasRootCauseMessage("CUDA error: out of memory");
        }
        try (HostMemory late = request(device, 0)) {
          assertThatThrownBy(late::tensor).isInstanceOf(HostMemoryException.class);
        }
      }
      assertThat(device.hostBytesThere()).isEqualTo(1000);
    }
  }

  /** The device's account would tell of a leak. */
  @Test
  void closingEndsTheWaitForMemoryAndLeavesNothing() throws Exception {
    ComputeDevice device = open();
    HostMemory underWay = request(device, 0);
    HostMemory waiting = request(device, 1);
    CompletableFuture<?> waits = CompletableFuture.runAsync(waiting::tensor);
    while (gate.permits.getQueueLength() == 0) {
      Thread.onSpinWait();
    }
    CompletableFuture<Void> stopping = CompletableFuture.runAsync(device::dropHostMemory);
    assertThatThrownBy(waits::get).hasRootCauseMessage("no longer wanted");
    assertThat(stopping).isNotDone();
    underWay.close();
    gate.permits.release();
    stopping.get();
    waiting.close();
    assertThat(device.hostBytesAhead()).isZero();
    gate.permits.release();
    try (HostMemory next = request(device, 0)) {
      assertThat(next.tensor().bytes()).isEqualTo(1000);
    }
    device.close();
  }

  @Test
  void onTheHostItselfMemoryIsThereAtOnce() {
    gate.permits.release();
    try (ComputeDevice device = ComputeDevice.open("cpu", "float32", 1, gate);
        HostMemory memory = request(device, 1)) {
      assertThat(memory.tensor().bytes()).isEqualTo(1000);
      assertThat(device.hostBytesAhead()).isZero();
    }
  }

  /** Only the piece of a place is waited for. */
  @Test
  void placesOfAnArenaComeWithTheirPieces() {
    try (ComputeDevice device = open();
        HostTiles tiles =
            new HostTiles(device, NumberType.UINT8, 2, 1 << 29, Map.of(3, 1L << 29), false)) {
      gate.permits.release();
      assertThat(tiles.buffer(1).capacity()).isEqualTo(1 << 29);
      CompletableFuture<?> resident = CompletableFuture.runAsync(() -> tiles.tensor(2));
      assertThat(resident).isNotDone();
      gate.permits.release();
      resident.join();
    }
  }
}
