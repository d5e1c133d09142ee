package dev.strata.udfs.stream;

import java.io.IOException;
import java.nio.ByteBuffer;

/** The tiles of one sweep, numbered from 0, as bytes. Called from streaming threads. */
public interface TileSource {

  /** How many tiles a sweep has, at least 1. */
  int tiles();

  /** Bytes of a tile. */
  long bytes(int tile);

  /**
   * Reads a tile into {@code target} from its position on.
   *
   * @throws IOException naming file and offset
   */
  void read(int tile, ByteBuffer target) throws IOException;
}
