package dev.strata.udfs.engine;

import dev.strata.udfs.api.StrataException;

/** A kernel found too little memory on the device, and the sweep was given up. */
final class OutOfDeviceMemory extends RuntimeException {

  private static final long serialVersionUID = 1L;

  private final boolean mayTryAgain;

  OutOfDeviceMemory(boolean mayTryAgain, Throwable cause) {
    super(firstLine(cause), cause);
    this.mayTryAgain = mayTryAgain;
  }

  /** Whether there are smaller micro-batches to try it with. */
  boolean mayTryAgain() {
    return mayTryAgain;
  }

  /** PyTorch's exceptions come with nothing but their text. */
  static boolean isCauseOf(Throwable e) {
    String message = String.valueOf(e.getMessage());
    return message.contains("CUDA out of memory")
        || message.contains("CUDA error: out of memory")
        || message.contains("CUBLAS_STATUS_ALLOC_FAILED")
        || message.contains("can't allocate memory");
  }

  private static String firstLine(Throwable e) {
    return String.valueOf(e.getMessage())
        .lines()
        .filter(line -> line.contains("memory"))
        .findFirst()
        .orElse("");
  }

  /** What a person is told where nothing is left to try. */
  StrataException asRefusal() {
    String message =
        String.format(
            "less memory is free than spark.strata.device.memory and spark.strata.host.memory say"
                + " (%s); end what else uses it, or set them lower",
            getMessage().strip());
    return new StrataException(StrataException.Fault.RESOURCES, message, this);
  }
}
