package dev.strata.udfs.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.pytorch.jni.JniUtils;
import java.util.Set;
import java.util.concurrent.BrokenBarrierException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.junit.jupiter.api.Test;

class KernelThreadsTest extends KernelFixture {

  @Test
  void partsRunAtTheSameTimeOnOneOfPyTorchsThreadsEach() {
    try (KernelThreads threads = new KernelThreads(2)) {
      assertThat(threads.count()).isEqualTo(2);
      CyclicBarrier all = new CyclicBarrier(threads.count());
      Set<Integer> numbers = ConcurrentHashMap.newKeySet();
      threads.run(
          threads.count(),
          part -> {
            await(all);
            numbers.add(JniUtils.getNumThreads());
          });
      assertThat(numbers).containsExactly(1);
    }
  }

  @Test
  void unlessTheirNumberIsSaidThereAreAsManyAsPyTorchTakes() {
    try (KernelThreads threads = new KernelThreads(0)) {
      assertThat(threads.count()).isBetween(1, Runtime.getRuntime().availableProcessors());
    }
  }

  private static void await(CyclicBarrier all) {
    try {
      all.await(30, TimeUnit.SECONDS);
    } catch (InterruptedException | BrokenBarrierException | TimeoutException e) {
      throw new IllegalStateException("parts wait for each other", e);
    }
  }

  @Test
  void allPartsEndBeforeAFailureIsTold() {
    Set<Integer> done = ConcurrentHashMap.newKeySet();
    try (KernelThreads threads = new KernelThreads(0)) {
      assertThatThrownBy(
              () ->
                  threads.run(
                      5,
                      part -> {
                        if (part == 1) {
                          throw new IllegalArgumentException("part 1");
                        }
                        done.add(part);
                      }))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage("part 1");
      assertThat(done).containsExactlyInAnyOrder(0, 2, 3, 4);
    }
  }
}
