package dev.strata.udfs.text;

import java.nio.ByteOrder;
import java.nio.IntBuffer;
import java.util.BitSet;
import org.apache.arrow.memory.ArrowBuf;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.VarBinaryVector;

/**
 * Rows in an Arrow vector, filled one after another and freed together, and the token ids of each
 * in a buffer of its own, which goes when they are taken.
 */
final class PromptBatch implements AutoCloseable {

  /** The most rows of a batch. */
  static final int ROWS = 256;

  /** A batch takes no more rows once they have this many bytes. */
  private static final long FULL_BYTES = 4L << 20;

  private final BufferAllocator allocator;
  private final VarBinaryVector rows;
  private final ArrowBuf[] tokens = new ArrowBuf[ROWS]; // int32; null where none are held
  private final int[] tokenCounts = new int[ROWS];
  private final BitSet held = new BitSet(ROWS);
  private int count;
  private long bytes;

  PromptBatch(BufferAllocator allocator) {
    this.allocator = allocator;
    this.rows = new VarBinaryVector("row", allocator);
  }

  boolean isFull() {
    return count == ROWS || bytes >= FULL_BYTES;
  }

  /** Whether no row is held that was added. */
  boolean isReleased() {
    return held.isEmpty();
  }

  /** Adds a row and returns its place. If there is no memory for it nothing is added. */
  int add(byte[] row, int[] ids) {
    rows.setSafe(count, row);
    tokens[count] = allocator.buffer((long) ids.length * Integer.BYTES);
    tokenCounts[count] = ids.length;
    ints(count).put(ids);
    bytes += row.length;
    held.set(count);
    return count++;
  }

  private IntBuffer ints(int place) {
    int length = Math.multiplyExact(tokenCounts[place], Integer.BYTES);
    return tokens[place].nioBuffer(0, length).order(ByteOrder.nativeOrder()).asIntBuffer();
  }

  byte[] row(int place) {
    requireHeld(place);
    return rows.get(place);
  }

  int tokenCount(int place) {
    requireHeld(place);
    return tokenCounts[place];
  }

  void takeTokens(int place, int[] target) {
    requireHeld(place);
    if (tokens[place] == null) {
      throw new IllegalStateException("the row's tokens were taken before");
    }
    ints(place).get(target, 0, tokenCounts[place]);
    freeTokens(place);
  }

  void release(int place) {
    requireHeld(place);
    held.clear(place);
    freeTokens(place);
  }

  private void freeTokens(int place) {
    if (tokens[place] != null) {
      tokens[place].close();
      tokens[place] = null;
    }
  }

  private void requireHeld(int place) {
    if (!held.get(place)) {
      throw new IllegalStateException("the row was released or never added");
    }
  }

  @Override
  public void close() {
    rows.close();
    for (int place = 0; place < count; place++) {
      freeTokens(place);
    }
  }
}
