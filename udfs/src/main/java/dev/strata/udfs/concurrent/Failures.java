package dev.strata.udfs.concurrent;

/** What work threw whose failure is told later, or on another thread. */
public final class Failures {

  private Failures() {}

  /** Throws what needs no declaration; returns if nothing failed, or with what does need one. */
  public static void throwUnchecked(Throwable failure) {
    if (failure instanceof Error error) {
      throw error;
    }
    if (failure instanceof RuntimeException exception) {
      throw exception;
    }
  }
}
