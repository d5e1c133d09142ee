package dev.strata.job.run;

import java.io.PrintStream;
import java.util.Optional;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.util.ShutdownHookManager;

/**
 * What happens where somebody ends a run by Ctrl-C or SIGTERM: a person reads so, Spark stops, and
 * what was being written goes. The JVM itself then ends with 128 and the signal's number.
 */
public final class Interruption implements AutoCloseable {

  /** Before Spark's hook, which stops its context and makes whatever runs fail. */
  private static final int FIRST = FileSystem.SHUTDOWN_HOOK_PRIORITY + 90;

  /** After Spark's hook, when no task runs, and before a lock is given back. */
  private static final int LAST = FileSystem.SHUTDOWN_HOOK_PRIORITY + 8;

  /** The JVM has a thread of this name while it handles a signal, and stays in it until its end. */
  private static final Pattern HANDLER = Pattern.compile("SIG(HUP|INT|TERM) handler");

  private final Runnable hook;

  private Interruption(Runnable hook, int priority) {
    this.hook = hook;
    if (!isEnding()) {
      ShutdownHookManager.get().addShutdownHook(hook, priority);
    }
  }

  /** Says so on the console, until it is closed. */
  static Interruption announced(PrintStream console) {
    return new Interruption(
        () -> signal().ifPresent(name -> console.println("strata: interrupted by " + name)), FIRST);
  }

  /** Does something once Spark has stopped, until it is closed. */
  static Interruption followedBy(Runnable cleanup) {
    return new Interruption(() -> signal().ifPresent(name -> cleanup.run()), LAST);
  }

  /** The signal that is ending this JVM, if one is. */
  public static Optional<String> signal() {
    return Thread.getAllStackTraces().keySet().stream()
        .flatMap(thread -> HANDLER.matcher(thread.getName()).results())
        .findFirst()
        .map(MatchResult::group)
        .map(name -> name.replace(" handler", ""));
  }

  private static boolean isEnding() {
    return ShutdownHookManager.get().isShutdownInProgress();
  }

  @Override
  public void close() {
    if (!isEnding()) {
      ShutdownHookManager.get().removeShutdownHook(hook);
    }
  }
}
