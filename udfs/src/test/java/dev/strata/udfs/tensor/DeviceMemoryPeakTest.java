package dev.strata.udfs.tensor;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

class DeviceMemoryPeakTest {

  private static final Duration PERIOD = Duration.ofMillis(1);

  @Test
  void theProcessIsKnownByItsNumber() {
    DeviceMemoryPeak peak = new DeviceMemoryPeak(42, 100);
    peak.sawProcesses(List.of("4242, 9000", "42, 3000", "42, [N/A]"));
    peak.sawProcesses(List.of("42, 2000"));
    peak.sawTotal(List.of("12100"));
    assertThat(peak.processBytes()).hasValue(3000L << 20);
    assertThat(peak.cardBytes()).isEqualTo(12_000L << 20);
  }

  @Test
  void otherwiseItIsWhatTheGpuHasMoreThanBefore() {
    DeviceMemoryPeak peak = new DeviceMemoryPeak(42, 100);
    peak.sawProcesses(List.of("7, 3000"));
    peak.sawTotal(List.of("4100"));
    peak.sawTotal(List.of());
    assertThat(peak.processBytes()).isEmpty();
    assertThat(peak.cardBytes()).isEqualTo(4000L << 20);
  }

  @Test
  void theGpuOfTheEngineIsAsked() {
    assertThat(NvidiaSmi.gpu(null, "auto")).isEqualTo("0");
    assertThat(NvidiaSmi.gpu("", "cuda")).isEqualTo("0");
    assertThat(NvidiaSmi.gpu(null, "cuda:3")).isEqualTo("3");
    assertThat(NvidiaSmi.gpu("3,1", "cuda")).isEqualTo("3");
    assertThat(NvidiaSmi.gpu("3, 1", "cuda:1")).isEqualTo("1");
    assertThat(NvidiaSmi.gpu("GPU-12ab", "cuda:0")).isEqualTo("GPU-12ab");
  }

  @Test
  void whatIsNoGpuIsNotWatched() {
    assertThat(DeviceMemoryWatch.seldom("cpu")).isEmpty();
    assertThat(DeviceMemoryWatch.often("staged")).isEmpty();
    assertThat(DeviceMemoryWatch.start(query -> List.of(), PERIOD, PERIOD)).isEmpty();
    assertThat(DeviceMemoryPeak.unknown().cardBytes()).isZero();
    assertThat(DeviceMemoryPeak.unknown().processBytes()).isEmpty();
  }

  /** Memory is looked at again and again; the most of it counts. */
  @Test
  @Timeout(60)
  void theMostIsSeen() throws InterruptedException {
    long process = ProcessHandle.current().pid();
    AtomicInteger looks = new AtomicInteger();
    CountDownLatch seen = new CountDownLatch(5);
    Function<String, List<String>> nvidiaSmi =
        query -> {
          seen.countDown();
          return query.startsWith("gpu=")
              ? List.of(Integer.toString(looks.getAndIncrement() == 1 ? 4100 : 100))
              : List.of("7, 9000", process + ", " + (looks.get() == 1 ? 3000 : 1));
        };
    try (DeviceMemoryWatch watch =
        DeviceMemoryWatch.start(nvidiaSmi, PERIOD, PERIOD.multipliedBy(4)).orElseThrow()) {
      seen.await();
      assertThat(watch.peak().processBytes()).hasValue(3000L << 20);
      assertThat(watch.peak().cardBytes()).isEqualTo(4000L << 20);
    }
  }
}
