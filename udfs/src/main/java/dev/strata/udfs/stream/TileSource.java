package dev.strata.udfs.stream;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.concurrent.CompletableFuture;

/** The tiles of a model, numbered from 0, as bytes. Called from one streaming thread. */
public interface TileSource {

  /** How many tiles there are, at least 1. */
  int tiles();

  /** Bytes of a tile. */
  long bytes(int tile);

  /** The offset in a tile's place of its first byte: reads that have to be aligned begin before. */
  int offset(int tile);

  /**
   * Begins to read a tile. The next may be begun while this read goes on.
   *
   * @param target a place's memory, all of which may be written
   * @return completed when nothing is written to the target any more, exceptionally with an
   *     IOException that names file and offset if the read failed
   */
  CompletableFuture<?> begin(int tile, ByteBuffer target) throws IOException;
}
