package dev.strata.udfs.store;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;

/** One open file, read by offset. */
public interface ByteSource extends Closeable {

  /** Bytes of the file. */
  long length() throws IOException;

  /**
   * Fills a buffer from position to limit. Several threads may read at once, each into its own
   * buffer, and none of them is disturbed by an interrupt of another: a thread that is interrupted
   * finishes its read and stays interrupted.
   *
   * @param offset the file offset of the first byte
   * @param target its position is its limit afterwards; undefined after an error
   * @throws java.io.EOFException if the file ends before the buffer is full
   * @throws IOException if the file cannot be read; the message names file and offset
   */
  void read(long offset, ByteBuffer target) throws IOException;

  /**
   * Bytes of a block: what {@link #readBlocks} wants its arguments to be multiples of. A power of
   * 2; 1 where it reads from anywhere to anywhere.
   */
  default int blockBytes() {
    return 1;
  }

  /**
   * Fills a buffer as far as the file goes, as {@link #read} does but by whole blocks.
   *
   * @param offset a multiple of {@link #blockBytes}
   * @param target filled from index 0; its address and its limit are multiples of {@link
   *     #blockBytes}
   * @param wanted how many of the bytes have to be in the file
   * @throws java.io.EOFException if the file ends before the bytes that are wanted
   * @throws IOException if the file cannot be read; the message names file and offset
   */
  default void readBlocks(long offset, ByteBuffer target, int wanted) throws IOException {
    read(offset, target.slice(0, wanted));
  }
}
