package dev.strata.udfs.live;

import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Does what a run must not suffer from: whatever fails is logged, the first time, and forgotten.
 */
final class Quietly {

  private static final Logger LOG = LoggerFactory.getLogger(Quietly.class);

  /** What may fail. */
  @FunctionalInterface
  interface Work {
    void run() throws Exception;
  }

  private final String what;
  private final AtomicBoolean told = new AtomicBoolean();

  /**
   * @param what is not done then, for the log
   */
  Quietly(String what) {
    this.what = what;
  }

  void run(Work work) {
    try {
      work.run();
    } catch (Exception | LinkageError e) { // also another Spark's classes
      if (told.compareAndSet(false, true)) {
        LOG.warn("{}: {}; the run goes on, and this is not said again", what, e.toString(), e);
      }
    }
  }
}
