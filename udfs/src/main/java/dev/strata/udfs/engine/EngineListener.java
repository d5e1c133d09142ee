package dev.strata.udfs.engine;

import dev.strata.udfs.stream.StreamListener;

/**
 * Hears of what overlaps: reads on streaming threads, kernels on the sweep thread. Tiles are
 * counted through all sweeps as {@link StreamListener} counts them.
 */
interface EngineListener extends StreamListener {

  /** Hears nothing. */
  EngineListener NONE =
      new EngineListener() {
        @Override
        public void readStarted(long tile) {}

        @Override
        public void readEnded(long tile, long bytes) {}

        @Override
        public void kernelsStarted(long tile) {}

        @Override
        public void kernelsEnded(long tile) {}
      };

  /** The first kernel that uses the tile is about to be sent. */
  void kernelsStarted(long tile);

  /** The last kernel that uses the tile was sent; on a CPU it has ended. */
  void kernelsEnded(long tile);
}
