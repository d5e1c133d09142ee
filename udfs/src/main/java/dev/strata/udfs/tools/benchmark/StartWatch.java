package dev.strata.udfs.tools.benchmark;

import dev.strata.udfs.api.EngineSnapshot;
import dev.strata.udfs.concurrent.Daemons;
import dev.strata.udfs.engine.Engine;
import java.io.PrintStream;
import java.util.concurrent.TimeUnit;

/**
 * How long an engine takes until it has all of its host memory, most of which comes while its first
 * sweep is under way. Says now and then how far it is.
 */
final class StartWatch implements AutoCloseable {

  private static final long LOOK_MILLIS = 50;
  private static final long SAY_NANOS = TimeUnit.SECONDS.toNanos(5);

  private final Engine engine;
  private final long started;
  private final PrintStream progress;
  private final Thread thread;
  private volatile Figures figures = new Figures(Double.NaN, Double.NaN, 0);

  /**
   * What was seen.
   *
   * @param startSeconds until rows could be submitted
   * @param memorySeconds from then on until all host memory was there; not a number if it never was
   * @param memoryBytes host memory that was allocated ahead of its use
   */
  record Figures(double startSeconds, double memorySeconds, long memoryBytes) {}

  /**
   * Starts watching.
   *
   * @param started when the engine's start began, as {@link System#nanoTime} has it
   */
  StartWatch(Engine engine, long started, PrintStream progress) {
    this.engine = engine;
    this.started = started;
    this.progress = progress;
    this.thread = Daemons.thread("strata-start-watch", this::watch);
    thread.start();
  }

  private void watch() {
    long ready = System.nanoTime();
    double startSeconds = seconds(started, ready);
    figures = new Figures(startSeconds, Double.NaN, 0);
    long said = ready;
    try {
      EngineSnapshot now = engine.snapshot();
      while (now.hostBytesThere() < now.hostBytesAhead()) {
        if (System.nanoTime() - said > SAY_NANOS) {
          said = System.nanoTime();
          say(now, ready, said);
        }
        Thread.sleep(LOOK_MILLIS);
        now = engine.snapshot();
      }
      long ended = System.nanoTime();
      figures = new Figures(startSeconds, seconds(ready, ended), now.hostBytesAhead());
      say(now, ready, ended);
    } catch (InterruptedException e) {
      // closed
    }
  }

  private void say(EngineSnapshot snapshot, long from, long to) {
    if (snapshot.hostBytesAhead() > 0) {
      progress.printf(
          "host memory: %d of %d MiB are there after %.1f s%n",
          snapshot.hostBytesThere() >> 20, snapshot.hostBytesAhead() >> 20, seconds(from, to));
    }
  }

  private static double seconds(long from, long to) {
    return (to - from) / 1e9;
  }

  Figures figures() {
    return figures;
  }

  @Override
  public void close() {
    thread.interrupt();
  }
}
