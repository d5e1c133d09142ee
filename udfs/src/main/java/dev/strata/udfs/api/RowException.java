package dev.strata.udfs.api;

/** An error of one row: it becomes the row's {@code error} and never ends a task. */
public final class RowException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  public RowException(String message) {
    super(message);
  }

  public RowException(String message, Throwable cause) {
    super(message, cause);
  }
}
