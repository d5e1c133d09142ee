package dev.strata.udfs.engine;

/**
 * Hears what becomes of a client's rows while they are in the engine, on the engine's thread
 * between sweeps: whoever it is must be quick, and must not fail.
 */
public interface RowSink {

  /** Hears nothing. */
  RowSink NONE =
      new RowSink() {
        @Override
        public void generated(long key, int[] tokens, int from, int to) {}

        @Override
        public void ended(RowResult result) {}
      };

  /**
   * A row has new tokens and goes on.
   *
   * @param key the client's name for the row
   * @param tokens what was generated for it so far; valid during the call
   * @param from the first token that was not told of
   * @param to the end of the tokens
   */
  void generated(long key, int[] tokens, int from, int to);

  /** A row has ended, with all its tokens. */
  void ended(RowResult result);
}
