package dev.strata.udfs.concurrent;

/** Closes what was opened before something failed, whatever was thrown. */
public final class Cleanup {

  private Cleanup() {}

  /** Closes; the failure, which the caller throws on, is told what went wrong with that. */
  public static void closeAfter(Throwable failure, AutoCloseable opened) {
    try {
      opened.close();
    } catch (Throwable e) {
      if (e != failure) {
        failure.addSuppressed(e);
      }
    }
  }
}
