package dev.strata.udfs.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CudaNativesTest {

  private static final CudaNatives CU124 = new CudaNatives(12040);
  private static final CudaNatives CU128 = new CudaNatives(12080);

  /** As PyTorch's builds of these CUDAs list their architectures. */
  @ParameterizedTest
  @CsvSource({
    "12040, 37, older",
    "12040, 50, ''",
    "12040, 86, ''",
    "12040, 90, ''",
    "12040, 100, newer",
    "12040, 120, newer",
    "12080, 70, older",
    "12080, 75, ''",
    "12080, 90, ''",
    "12080, 120, ''",
    "12080, 121, ''",
    "12080, 130, newer"
  })
  void gpusOfOtherAgesAreRefused(int cuda, int capability, String age) {
    Optional<String> refusal = new CudaNatives(cuda).refusal(capability);
    assertThat(refusal.isEmpty()).isEqualTo(age.isEmpty());
    assertThat(refusal.orElse("")).contains(age);
  }

  @Test
  void aRefusalHasTheWayOut() {
    assertThat(CU124.refusal(120))
        .contains(
            "it has compute capability 12.0, which is newer than PyTorch's natives of CUDA 12.4 are"
                + " made for (5.0 to 9.x); bring a PyTorch 2.7.1 of CUDA 12.8 (strata --gpu"
                + " --natives DIR), or use 'cpu'");
    assertThat(CU128.refusal(61))
        .contains(
            "it has compute capability 6.1, which is older than PyTorch's natives of CUDA 12.8 are"
                + " made for (7.5 to 12.x); use 'cpu'");
  }

  @Test
  void whyThereIsNoGpu() {
    assertThat(CU124.noGpu(CudaRuntime.NO_DRIVER))
        .isEqualTo("this machine has no driver of NVIDIA; install it (525 or later)");
    assertThat(CU124.noGpu(11080))
        .isEqualTo(
            "NVIDIA's driver here is for CUDA 11.8, and PyTorch's natives are of CUDA 12.4; update"
                + " it (525 or later)");
    for (int driver : new int[] {12000, 13000, CudaRuntime.UNKNOWN}) {
      assertThat(CU124.noGpu(driver)).startsWith("PyTorch finds no GPU here; see what nvidia-smi");
    }
  }

  @Test
  void nativesAreKnownByTheirFlavor() {
    assertThat(CudaNatives.of("cu128")).isEqualTo(CU128);
    assertThat(CudaNatives.of("cu118-precxx11")).isEqualTo(new CudaNatives(11080));
    for (String other : new String[] {null, "", "cpu"}) {
      assertThat(CudaNatives.of(other)).isEqualTo(CU124);
    }
  }

  /** The tests' natives are for processors. */
  @ParameterizedTest
  @CsvSource({"cuda", "cuda:1"})
  void nativesForProcessorsAreSaidToBe(String device) {
    assertThatThrownBy(() -> ComputeDevice.open(device, "auto", 0))
        .isInstanceOf(UnusableGpuException.class)
        .hasMessage(
            "device is '%s', but PyTorch's natives here are for processors; start by"
                + " submit-scripts/strata --gpu, which prepares those for GPUs, or use 'cpu'",
            device);
  }
}
