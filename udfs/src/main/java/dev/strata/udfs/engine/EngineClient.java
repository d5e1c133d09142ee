package dev.strata.udfs.engine;

/**
 * A task's side of the engine: rows in, results out, in the order in which they finish. For one
 * thread; closing it cancels what is unfinished.
 */
public final class EngineClient implements AutoCloseable {

  private final Engine engine;
  private final RowSink sink;

  EngineClient(Engine engine, RowSink sink) {
    this.engine = engine;
    this.sink = sink;
  }

  RowSink sink() {
    return sink;
  }

  /** Hands a row to the engine; returns at once. */
  public void submit(RowRequest request) {
    engine.submit(this, request);
  }

  /**
   * The next result, waiting for it. A client that waits here has no more rows to submit for now:
   * an idle engine starts once all its clients wait, or enough rows for a whole wave are there.
   *
   * @throws IllegalStateException if nothing is unfinished, or the engine failed; the message says
   *     why
   */
  public RowResult take() throws InterruptedException {
    return engine.take(this);
  }

  /**
   * The next result, or null if there is none yet. Polling does not tell that all rows are
   * submitted: an idle engine waits up to a second for more before it starts.
   */
  public RowResult poll() {
    return engine.poll(this);
  }

  /** Rows submitted whose results were not yet given out. */
  public int unfinished() {
    return engine.unfinished(this);
  }

  @Override
  public void close() {
    engine.cancel(this);
  }
}
