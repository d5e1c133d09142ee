package dev.strata.udfs.tensor;

/** Host memory that was asked for ahead of its use is not to be had. */
public final class HostMemoryException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  HostMemoryException(String owner, long bytes, Throwable cause) {
    super("%d MiB of host memory for %s are not to be had".formatted(bytes >> 20, owner), cause);
  }
}
