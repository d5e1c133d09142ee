package dev.strata.udfs.engine;

import dev.strata.udfs.api.StrataException;
import java.io.IOException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Failures after which a device is of no use to the process any more: CUDA answers every later call
 * with the same. A shortage of memory is none, nor is a call that CUDA refuses.
 */
public final class DeviceFault {

  /** What CUDA, its libraries and PyTorch say, which is all that there is to go by. */
  private static final Pattern FAULT =
      Pattern.compile(
          "CUDA error: (?:an illegal memory access was encountered"
              + "|an illegal instruction was encountered"
              + "|device-side assert triggered"
              + "|unspecified launch failure"
              + "|the launch timed out and was terminated"
              + "|misaligned address"
              + "|invalid program counter"
              + "|hardware stack error"
              + "|operation not supported on global/shared address space"
              + "|an exception occurred during a kernel launch"
              + "|uncorrectable ECC error encountered"
              + "|uncorrectable NVLink error detected during the execution"
              + "|unknown error"
              + "|no CUDA-capable device is detected"
              + "|CUBLAS_STATUS_(?:EXECUTION_FAILED|INTERNAL_ERROR|MAPPING_ERROR))"
              + "|cuDNN error: CUDNN_STATUS_(?:EXECUTION_FAILED\\w*|INTERNAL_ERROR\\w*|MAPPING_ERROR)");

  private DeviceFault() {}

  /** Whether it, or what it was caused by, is such a failure. */
  public static boolean isCauseOf(Throwable e) {
    return !fault(e).isEmpty();
  }

  /** What was said of it, without PyTorch's advice; empty for another failure. */
  private static String fault(Throwable e) {
    for (Throwable cause = e; cause != null; cause = cause.getCause()) {
      Matcher fault = FAULT.matcher(String.valueOf(cause.getMessage()));
      if (!(cause instanceof IOException) && fault.find()) {
        return fault.group();
      }
    }
    return "";
  }

  /** What a person is told. */
  static StrataException told(Throwable failure) {
    return new StrataException(
        StrataException.Fault.RESOURCES,
        String.format(
            "the device failed (%s); run the same again, and if it fails once more look for its"
                + " faults with nvidia-smi -q and for Xid in dmesg",
            fault(failure)),
        failure);
  }
}
