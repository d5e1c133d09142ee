package dev.strata.udfs.stream;

import java.io.IOException;
import java.nio.ByteBuffer;

/** The tiles of a model, numbered from 0, as bytes. Called from one streaming thread. */
public interface TileSource {

  /** How many tiles there are, at least 1. */
  int tiles();

  /** Bytes of a tile. */
  long bytes(int tile);

  /**
   * Reads a tile.
   *
   * @param target a slot's memory, all of which may be written
   * @return the offset in {@code target} of the tile's first byte: reads that have to be aligned
   *     begin before the tile does
   * @throws IOException naming file and offset
   */
  int read(int tile, ByteBuffer target) throws IOException;
}
