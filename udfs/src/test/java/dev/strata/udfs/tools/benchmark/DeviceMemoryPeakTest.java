package dev.strata.udfs.tools.benchmark;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class DeviceMemoryPeakTest {

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
  void theFirstVisibleGpuIsAsked() {
    assertThat(NvidiaSmi.gpu(null)).isEqualTo("0");
    assertThat(NvidiaSmi.gpu("")).isEqualTo("0");
    assertThat(NvidiaSmi.gpu("3,1")).isEqualTo("3");
    assertThat(NvidiaSmi.gpu("GPU-12ab")).isEqualTo("GPU-12ab");
  }
}
