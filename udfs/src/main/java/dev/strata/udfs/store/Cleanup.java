package dev.strata.udfs.store;

import java.io.Closeable;

/** Closes what was opened before something failed, whatever was thrown. */
final class Cleanup {

  private Cleanup() {}

  /** Closes; the failure, which the caller throws on, is told what went wrong with that. */
  static void closeAfter(Throwable failure, Closeable opened) {
    try {
      opened.close();
    } catch (Throwable e) {
      if (e != failure) {
        failure.addSuppressed(e);
      }
    }
  }
}
