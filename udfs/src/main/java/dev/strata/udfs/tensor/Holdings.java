package dev.strata.udfs.tensor;

import dev.strata.udfs.concurrent.Cleanup;
import java.util.ArrayDeque;
import java.util.Deque;

/**
 * What an object has taken and gives back when it is closed, the last first. A constructor takes
 * everything within one {@code try}, whose {@code catch (Throwable e)} calls {@link #closeAfter}
 * and throws {@code e} on: what fails half-way, by whatever is thrown, leaves nothing behind.
 */
public final class Holdings implements AutoCloseable {

  private final Deque<AutoCloseable> taken = new ArrayDeque<>();

  /** Takes something, and returns it. */
  public <T extends AutoCloseable> T add(T resource) {
    try {
      taken.push(resource);
      return resource;
    } catch (Throwable e) {
      closeAfter(e, resource);
      throw e;
    }
  }

  /**
   * Gives everything back, whatever goes wrong with some of it.
   *
   * @throws IllegalStateException if something could not be given back; it has the first cause, and
   *     the others suppressed
   */
  @Override
  public void close() {
    IllegalStateException failure = null;
    while (!taken.isEmpty()) {
      try {
        taken.pop().close();
      } catch (Throwable e) {
        if (failure == null) {
          failure = new IllegalStateException(e.getMessage(), e);
        } else {
          failure.addSuppressed(e);
        }
      }
    }
    if (failure != null) {
      throw failure;
    }
  }

  /** Gives everything back after a failure, which is told what went wrong with that. */
  public void closeAfter(Throwable failure) {
    closeAfter(failure, this);
  }

  /** The same for a single resource. */
  public static void closeAfter(Throwable failure, AutoCloseable resource) {
    Cleanup.closeAfter(failure, resource);
  }
}
