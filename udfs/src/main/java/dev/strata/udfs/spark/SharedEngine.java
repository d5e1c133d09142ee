package dev.strata.udfs.spark;

import dev.strata.udfs.api.ExpectedRows;

/** What tasks of an executor share under a {@link EngineRegistry}. */
interface SharedEngine extends AutoCloseable {

  /** Whether it ended with an error, so that a next task needs another. */
  boolean isFailed();

  /** Says what is expected of rows of the task that comes next. */
  void expect(ExpectedRows rows);

  /** Ends it and gives its memory back; what its users hold of it stays usable until it closes. */
  void stop();

  /** Ends it, when nobody uses it any more. */
  @Override
  void close();
}
