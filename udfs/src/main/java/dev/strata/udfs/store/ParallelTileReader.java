package dev.strata.udfs.store;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * Reads a tile in pieces by several threads at once. One thread copies about 6 GB/s from the page
 * cache and keeps one request at the disk; eight come near what memory and NVMe disks can give
 * (measured, see BENCHMARKS.md).
 */
public final class ParallelTileReader implements Closeable {

  /**
   * Large enough that a request's overhead does not count, small enough that a tile has work for
   * all threads.
   */
  private static final int PIECE_BYTES = 4 << 20;

  private final LayerStore store;
  private final ExecutorService threads;

  /**
   * @param threads how many pieces are read at once
   */
  public ParallelTileReader(LayerStore store, int threads) {
    this.store = store;
    this.threads =
        Executors.newFixedThreadPool(
            threads,
            task -> {
              Thread thread = new Thread(task, "strata-reads");
              thread.setDaemon(true);
              return thread;
            });
  }

  /**
   * Reads a whole tile, straight into its slot. For one caller at a time.
   *
   * @param slot gets the tile in its first {@link LayerStore#slotBytes} bytes; its position and
   *     limit stay
   * @return the index in the slot of the tile's first byte: 0 where reads are cached
   * @throws IOException naming file and offset; the slot's bytes are then undefined, but no longer
   *     written
   * @throws IllegalArgumentException if the slot ends before {@link LayerStore#slotBytes} or its
   *     address is not a multiple of {@link LayerStore#slotAlignment}
   */
  public int read(Tile tile, ByteBuffer slot) throws IOException {
    int bytes = (int) store.slotBytes(tile);
    if (bytes <= PIECE_BYTES) {
      return store.read(tile, slot);
    }
    store.require(tile, slot);
    List<Future<?>> pieces = new ArrayList<>();
    try {
      for (int begin = 0; begin < bytes; begin += PIECE_BYTES) {
        ByteBuffer piece = slot.slice(begin, Math.min(PIECE_BYTES, bytes - begin));
        int from = begin;
        pieces.add(threads.submit(() -> readPiece(tile, from, piece)));
      }
    } catch (Throwable e) {
      Cleanup.closeAfter(e, () -> awaitAll(pieces));
      throw e;
    }
    awaitAll(pieces);
    return store.slotOffset(tile);
  }

  private Void readPiece(Tile tile, int begin, ByteBuffer piece) throws IOException {
    store.readPart(tile, begin, piece);
    return null;
  }

  /** Waits for every piece, failed ones too: none may still write when the slot is given on. */
  private static void awaitAll(List<Future<?>> pieces) throws IOException {
    IOException failure = null;
    for (Future<?> piece : pieces) {
      try {
        Uninterrupted.get(piece);
      } catch (IOException e) {
        // The first in the file's order tells most; where the file ends, the others say the same.
        failure = failure == null ? e : failure;
      }
    }
    if (failure != null) {
      throw failure;
    }
  }

  @Override
  public void close() {
    threads.shutdown();
  }
}
