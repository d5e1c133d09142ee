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
   * Reads a whole tile into {@code target} from its position on. For one caller at a time.
   *
   * @throws IOException naming file and offset; the target's bytes are then undefined, but no
   *     longer written
   */
  public void read(Tile tile, ByteBuffer target) throws IOException {
    if (tile.bytes() <= PIECE_BYTES) {
      store.read(tile, target);
      return;
    }
    List<Future<?>> pieces = new ArrayList<>();
    for (int offset = 0; offset < tile.bytes(); offset += PIECE_BYTES) {
      int length = (int) Math.min(PIECE_BYTES, tile.bytes() - offset);
      ByteBuffer piece = target.slice(target.position() + offset, length);
      int from = offset;
      pieces.add(threads.submit(() -> readPiece(tile, from, piece)));
    }
    awaitAll(pieces);
    target.position(target.position() + (int) tile.bytes());
  }

  private Void readPiece(Tile tile, long offset, ByteBuffer piece) throws IOException {
    store.read(tile, offset, piece);
    return null;
  }

  /** Waits for every piece, failed ones too: none may still write when the slot is given on. */
  private static void awaitAll(List<Future<?>> pieces) throws IOException {
    IOException failure = null;
    for (Future<?> piece : pieces) {
      try {
        Uninterrupted.get(piece);
      } catch (IOException e) {
        failure = e;
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
