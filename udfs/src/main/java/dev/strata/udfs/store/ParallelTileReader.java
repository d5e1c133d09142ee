package dev.strata.udfs.store;

import dev.strata.udfs.concurrent.Cleanup;
import dev.strata.udfs.concurrent.Daemons;
import dev.strata.udfs.concurrent.Uninterrupted;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;

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

  /** Reading so little takes no longer than to have another thread do it. */
  private static final int SMALL_BYTES = 128 << 10;

  private final LayerStore store;
  private final int ownBytes; // read by the calling thread
  private final ExecutorService threads;

  /**
   * @param threads how many pieces are read at once
   */
  public ParallelTileReader(LayerStore store, int threads) {
    this.store = store;
    this.ownBytes = threads == 1 ? PIECE_BYTES : SMALL_BYTES;
    this.threads = Executors.newFixedThreadPool(threads, Daemons.named("strata-reads"));
  }

  /**
   * Begins to read a whole tile straight into its slot, behind what was begun before. A small tile
   * is read by the calling thread, and so is one of a single piece if there is but one thread.
   *
   * @param slot gets the tile in its first {@link LayerStore#slotBytes} bytes; its position and
   *     limit stay
   * @return completed when nothing is written to the slot any more; exceptionally, if pieces
   *     failed, with the IOException of the first in the file, which names file and offset
   * @throws IOException as a read of one piece fails
   * @throws IllegalArgumentException if the slot ends before {@link LayerStore#slotBytes} or its
   *     address is not a multiple of {@link LayerStore#slotAlignment}
   */
  public CompletableFuture<Void> begin(Tile tile, ByteBuffer slot) throws IOException {
    int bytes = (int) store.slotBytes(tile);
    if (bytes <= ownBytes) {
      store.read(tile, slot);
      return done();
    }
    store.require(tile, slot);
    List<CompletableFuture<Void>> pieces = new ArrayList<>();
    try {
      for (int begin = 0; begin < bytes; begin += PIECE_BYTES) {
        ByteBuffer piece = slot.slice(begin, Math.min(PIECE_BYTES, bytes - begin));
        int from = begin;
        pieces.add(CompletableFuture.runAsync(() -> readPiece(tile, from, piece), threads));
      }
    } catch (Throwable e) {
      // Whoever is told may free what those that were begun still write to.
      Cleanup.closeAfter(e, () -> all(pieces).exceptionally(failure -> null).join());
      throw e;
    }
    return all(pieces);
  }

  /**
   * Reads a whole tile.
   *
   * @param slot as for {@link #begin}
   * @return the index in the slot of the tile's first byte
   */
  public int read(Tile tile, ByteBuffer slot) throws IOException {
    Uninterrupted.get(begin(tile, slot));
    return store.slotOffset(tile);
  }

  private void readPiece(Tile tile, int begin, ByteBuffer piece) {
    try {
      store.readPart(tile, begin, piece);
    } catch (IOException e) {
      throw new CompletionException(e);
    }
  }

  /**
   * Completed when every piece is, failed ones too. The first failure in the file's order tells
   * most; where the file ends, the others say the same.
   */
  private static CompletableFuture<Void> all(List<CompletableFuture<Void>> pieces) {
    return CompletableFuture.allOf(pieces.toArray(CompletableFuture[]::new))
        .handle(
            (none, failure) -> pieces.stream().filter(CompletableFuture::isCompletedExceptionally))
        .thenCompose(failed -> failed.findFirst().orElseGet(ParallelTileReader::done));
  }

  private static CompletableFuture<Void> done() {
    return CompletableFuture.completedFuture(null);
  }

  @Override
  public void close() {
    threads.shutdown();
  }
}
