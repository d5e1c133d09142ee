package dev.strata.udfs.engine;

import dev.strata.udfs.api.StrataException;
import dev.strata.udfs.tensor.HostMemoryException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** A kernel found too little memory on the device, and the sweep was given up. */
final class OutOfDeviceMemory extends RuntimeException {

  private static final long serialVersionUID = 1L;

  private static final Pattern SHORTAGE =
      Pattern.compile(
          "CUDA out of memory(\\. Tried to allocate [\\d.]+ .iB)?"
              + "|CUDA error: out of memory"
              + "|CUBLAS_STATUS_ALLOC_FAILED"
              + "|can't allocate memory(: you tried to allocate \\d+ bytes)?"
              + "|std::bad_alloc");

  private static final Pattern DIRECT_SHORTAGE =
      Pattern.compile("(Cannot reserve \\d+ bytes of )?[Dd]irect buffer memory");

  private final boolean mayTryAgain;

  OutOfDeviceMemory(boolean mayTryAgain, Throwable cause) {
    super(shortage(cause), cause);
    this.mayTryAgain = mayTryAgain;
  }

  /** Whether there are smaller micro-batches to try it with. */
  boolean mayTryAgain() {
    return mayTryAgain;
  }

  /**
   * Whether it, or what it was caused by on another thread, is a shortage: PyTorch's exceptions
   * come with nothing but their text, Java's are of memory beside its heap.
   */
  static boolean isCauseOf(Throwable e) {
    return !shortage(e).isEmpty();
  }

  /** What there was too little of, without PyTorch's advice and its own sources. */
  private static String shortage(Throwable e) {
    for (Throwable cause = e; cause != null; cause = cause.getCause()) {
      if (cause instanceof HostMemoryException) {
        return ""; // smaller micro-batches need no less of it
      }
      Pattern pattern = cause instanceof OutOfMemoryError ? DIRECT_SHORTAGE : SHORTAGE;
      Matcher shortage = pattern.matcher(String.valueOf(cause.getMessage()));
      if (shortage.find()) {
        return shortage.group();
      }
    }
    return "";
  }

  /** What a person is told where nothing is left to try. */
  StrataException asRefusal() {
    String message =
        String.format(
            "less memory is free than spark.strata.device.memory and spark.strata.host.memory say"
                + " (%s); end what else uses it, or set them lower",
            getMessage());
    return new StrataException(StrataException.Fault.RESOURCES, message, this);
  }
}
