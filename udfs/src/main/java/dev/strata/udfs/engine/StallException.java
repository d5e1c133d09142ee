package dev.strata.udfs.engine;

import dev.strata.udfs.api.StrataException;
import java.time.Duration;
import java.util.Optional;

/**
 * Work stood still, in a call that does not come back: nothing of what it uses can be freed, and
 * only the end of the process ends it.
 */
public final class StallException extends RuntimeException {

  private static final long serialVersionUID = 1L;

  private final boolean ofStorage;

  /**
   * @param what stood still
   * @param ofStorage whether it waits for files, else for a device
   */
  public StallException(String what, Duration timeout, boolean ofStorage) {
    this(message(what, timeout, ofStorage), ofStorage);
  }

  private StallException(String message, boolean ofStorage) {
    super(message, new StrataException(StrataException.Fault.RESOURCES, message));
    this.ofStorage = ofStorage;
  }

  private static String message(String what, Duration timeout, boolean ofStorage) {
    return ("%s stood still for %s; %s, then run the same again, which continues with what is in"
            + " the journal; the log has its state and all stacks, and"
            + " spark.strata.stall.timeout is how long it may")
        .formatted(
            what,
            told(timeout),
            ofStorage
                ? "see whether its files can be read"
                : "see to the device, on a GPU by nvidia-smi and for Xid in dmesg");
  }

  private static String told(Duration time) {
    return time.toMillis() % 1000 == 0 ? time.toSeconds() + " s" : time.toMillis() + " ms";
  }

  /** Whether it waits for files, which no row is to blame for. */
  public boolean isOfStorage() {
    return ofStorage;
  }

  /** The one that a failure is or was caused by. */
  public static Optional<StallException> causeOf(Throwable failure) {
    for (Throwable e = failure; e != null; e = e.getCause()) {
      if (e instanceof StallException stall) {
        return Optional.of(stall);
      }
    }
    return Optional.empty();
  }
}
