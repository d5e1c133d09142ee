package dev.strata.udfs.tensor;

/** A GPU is asked for, and there is none, or none that PyTorch's natives can run on. */
public final class UnusableGpuException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  UnusableGpuException(String message) {
    super(message);
  }
}
