package dev.strata.udfs.spark;

/** What tasks of an executor share under a {@link EngineRegistry}. */
interface SharedEngine extends AutoCloseable {

  /** Whether it ended with an error, so that a next task needs another. */
  boolean isFailed();

  /**
   * Says how long rows of the task that comes next are expected to be.
   *
   * @param rowTokens tokens, prompt and completion together; 0 where that is unknown
   */
  void expect(int rowTokens);

  /** Ends it and gives its memory back; what its users hold of it stays usable until it closes. */
  void stop();

  /** Ends it, when nobody uses it any more. */
  @Override
  void close();
}
