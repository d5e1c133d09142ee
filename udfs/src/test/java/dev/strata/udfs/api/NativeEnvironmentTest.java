package dev.strata.udfs.api;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Map;
import org.junit.jupiter.api.Test;

class NativeEnvironmentTest {

  @Test
  void slowPinningIsToldWithTheWayOut() {
    String advice = "PYTORCH_CUDA_ALLOC_CONF=pinned_use_cuda_host_register:True";
    assertThat(NativeEnvironment.slowPinning(Map.of()).orElseThrow()).contains(advice);
    assertThat(
            NativeEnvironment.slowPinning(
                Map.of("PYTORCH_CUDA_ALLOC_CONF", "max_split_size_mb:64")))
        .isPresent();
    assertThat(NativeEnvironment.slowPinning(NativeEnvironment.defaults())).isEmpty();
  }
}
