package dev.strata.udfs.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.strata.udfs.api.StrataException;
import java.io.IOException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** PyTorch's and CUDA's own words. */
class DeviceFaultTest {

  @ParameterizedTest
  @ValueSource(
      strings = {
        "CUDA error: an illegal memory access was encountered\nCUDA kernel errors might be"
            + " asynchronously reported at some other API call, so the stacktrace below might be"
            + " incorrect.\nFor debugging consider passing CUDA_LAUNCH_BLOCKING=1",
        "CUDA error: device-side assert triggered\nCompile with `TORCH_USE_CUDA_DSA` to enable",
        "CUDA error: unspecified launch failure",
        "CUDA error: uncorrectable ECC error encountered",
        "CUDA error: misaligned address",
        "CUDA error: an illegal instruction was encountered",
        "CUDA error: the launch timed out and was terminated",
        "CUDA error: unknown error",
        "CUDA error: no CUDA-capable device is detected",
        "CUDA error: CUBLAS_STATUS_EXECUTION_FAILED when calling `cublasSgemm( handle, opa, opb)`",
        "CUDA error: CUBLAS_STATUS_INTERNAL_ERROR when calling `cublasGemmEx( handle)`",
        "cuDNN error: CUDNN_STATUS_EXECUTION_FAILED",
        "The following operation failed in the TorchScript interpreter.\nTraceback of TorchScript"
            + " (most recent call last):\n  File \"x\", line 3\nRuntimeError: CUDA error: an"
            + " illegal memory access was encountered"
      })
  void theDeviceIsLost(String message) {
    RuntimeException failure = new IllegalStateException("sweep", new RuntimeException(message));
    assertThat(DeviceFault.isCauseOf(failure)).isTrue();
    assertThat(EngineFailure.told(failure))
        .isInstanceOfSatisfying(
            StrataException.class,
            told -> {
              assertThat(told.fault()).isEqualTo(StrataException.Fault.RESOURCES);
              assertThat(told.getMessage())
                  .startsWithIgnoringCase("the device failed (cu")
                  .doesNotContain("\n");
              assertThat(DeviceFault.isCauseOf(told)).as("to those who are told").isTrue();
            });
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "CUDA out of memory. Tried to allocate 2.00 GiB. GPU 0 has a total capacity of 4.00 GiB",
        "CUDA error: out of memory\nCUDA kernel errors might be asynchronously reported",
        "CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`",
        "CUDA error: CUBLAS_STATUS_NOT_SUPPORTED when calling `cublasLtMatmulAlgoGetHeuristic`",
        "CUDA error: invalid argument",
        "CUDA error: invalid configuration argument",
        "CUDA error: no kernel image is available for execution on the device",
        "CUDA error: invalid device ordinal",
        "CUDA error: all CUDA-capable devices are busy or unavailable",
        "Expected all tensors to be on the same device, but found at least two devices, cuda:0",
        "mat1 and mat2 shapes cannot be multiplied (1x3 and 4x5)"
      })
  void theDeviceIsNot(String message) {
    assertThat(DeviceFault.isCauseOf(new RuntimeException(message))).isFalse();
  }

  @Test
  void whatAFileSystemSaysIsNoWordOfTheDevice() {
    IOException failure = new IOException("/data/CUDA error: unknown error (Input/output error)");
    assertThat(DeviceFault.isCauseOf(failure)).isFalse();
    assertThat(DeviceFault.isCauseOf(new RuntimeException())).isFalse();
  }
}
