package dev.strata.udfs.spark;

import dev.strata.udfs.engine.DeviceFault;
import dev.strata.udfs.engine.StallException;
import dev.strata.udfs.journal.DeathNote;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Why an executor is gone, as cluster managers put it in words: whether one of its rows may be to
 * blame, or it was taken away.
 *
 * @param isFault whether its process ended by itself and not well
 * @param code its exit code, or {@link DeathNote#UNKNOWN}
 */
record ExecutorEnd(boolean isFault, int code) {

  /** A process ends with this where its device cannot be used any more. */
  static final int DEVICE_FAULT = 86;

  /** Or where its device does not come back from a call. */
  static final int DEVICE_STALL = 87;

  /** Or where its files do not. */
  static final int STORAGE_STALL = 88;

  /**
   * {@code Command exited with code 134} of standalone clusters, {@code Exit status: 134} of YARN,
   * {@code exited with exit code 134(SIGABRT)} of Kubernetes, {@code exit code (134)} of Spark.
   */
  private static final Pattern CODE =
      Pattern.compile(
          "(?:exited with code|exit code(?: is)?|exit status)[: ]*\\(?(-?\\d{1,9})",
          Pattern.CASE_INSENSITIVE);

  private static final Pattern TAKEN_AWAY =
      Pattern.compile(
          "preempt|decommission|worker lost|lost worker|worker .*(?:removed|timed out)|lost node"
              + "|slave lost|heartbeat timed out|killed by driver|YARN event|pod .*deleted"
              + "|removed.* idle|unregistered",
          Pattern.CASE_INSENSITIVE);

  private static final int SIGNALLED = 128;

  /**
   * Well; by SIGHUP, SIGINT, SIGKILL (which is the kernel's as well, where memory is short) or
   * SIGTERM; by Spark itself, because of its disks, its driver or a task that did not end; YARN's
   * for containers that it took away or whose node is gone; because of files that nobody can read.
   */
  private static final Set<Integer> TAKEN_AWAY_CODES =
      Set.of(
          0,
          SIGNALLED + 1,
          SIGNALLED + 2,
          SIGNALLED + 9,
          SIGNALLED + 15,
          53,
          54,
          55,
          56,
          57,
          STORAGE_STALL,
          -100,
          -101,
          -102,
          -105,
          -106);

  private static final Map<Integer, String> MEANINGS =
      Map.of(
          DEVICE_FAULT,
          "its device failed",
          DEVICE_STALL,
          "its device stood still",
          STORAGE_STALL,
          "its files could not be read",
          SIGNALLED + 4,
          "SIGILL",
          SIGNALLED + 6,
          "SIGABRT",
          SIGNALLED + 7,
          "SIGBUS",
          SIGNALLED + 8,
          "SIGFPE",
          SIGNALLED + 11,
          "SIGSEGV");

  /** What Spark's words for the loss of an executor mean. */
  static ExecutorEnd of(String reason) {
    Matcher code = CODE.matcher(reason);
    if (code.find()) {
      int number = Integer.parseInt(code.group(1));
      return new ExecutorEnd(!TAKEN_AWAY_CODES.contains(number), number);
    }
    return new ExecutorEnd(!TAKEN_AWAY.matcher(reason).find(), DeathNote.UNKNOWN);
  }

  /** The exit code of an executor that cannot go on after a failure; empty where it can. */
  static OptionalInt codeAfter(Throwable failure) {
    Optional<StallException> stall = StallException.causeOf(failure);
    if (stall.isPresent()) {
      return OptionalInt.of(stall.get().isOfStorage() ? STORAGE_STALL : DEVICE_STALL);
    }
    return DeviceFault.isCauseOf(failure) ? OptionalInt.of(DEVICE_FAULT) : OptionalInt.empty();
  }

  /** An exit code for people. */
  static String told(int code) {
    if (code == DeathNote.UNKNOWN) {
      return "its exit code is not known";
    }
    String signal = MEANINGS.get(code);
    return "exit code " + code + (signal == null ? "" : ": " + signal);
  }
}
