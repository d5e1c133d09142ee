package dev.strata.udfs.stream;

/**
 * Hears of each read, in an endless count of tiles through all sweeps: tile {@code k} of a model of
 * {@code n} tiles is tile {@code k % n} of sweep {@code k / n}, as long as none stays and no sweep
 * is given up. Called on streaming threads.
 */
public interface StreamListener {

  /** Hears nothing. */
  StreamListener NONE =
      new StreamListener() {
        @Override
        public void readStarted(long tile) {}

        @Override
        public void readEnded(long tile, long bytes) {}
      };

  void readStarted(long tile);

  void readEnded(long tile, long bytes);
}
