package dev.strata.udfs.text;

import java.util.BitSet;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.vector.IntVector;
import org.apache.arrow.vector.VarBinaryVector;
import org.apache.arrow.vector.complex.ListVector;
import org.apache.arrow.vector.types.Types.MinorType;
import org.apache.arrow.vector.types.pojo.FieldType;

/** Rows and their token ids in two Arrow vectors, filled one after another and freed together. */
final class PromptBatch implements AutoCloseable {

  /** The most rows of a batch. */
  static final int ROWS = 256;

  /** A batch takes no more rows once it holds this many bytes. */
  private static final long FULL_BYTES = 4L << 20;

  private final VarBinaryVector rows;
  private final ListVector tokens; // of IntVector
  private final BitSet held = new BitSet(ROWS);
  private int count;
  private long bytes;

  PromptBatch(BufferAllocator allocator) {
    rows = new VarBinaryVector("row", allocator);
    tokens = ListVector.empty("tokens", allocator);
    tokens.addOrGetVector(FieldType.notNullable(MinorType.INT.getType()));
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
    int start = tokens.startNewValue(count);
    IntVector values = (IntVector) tokens.getDataVector();
    for (int i = 0; i < ids.length; i++) {
      values.setSafe(start + i, ids[i]);
    }
    tokens.endValue(count, ids.length);
    bytes += row.length + (long) ids.length * Integer.BYTES;
    held.set(count);
    return count++;
  }

  byte[] row(int place) {
    requireHeld(place);
    return rows.get(place);
  }

  int tokenCount(int place) {
    requireHeld(place);
    return tokens.getElementEndIndex(place) - tokens.getElementStartIndex(place);
  }

  void copyTokens(int place, int[] target) {
    int length = tokenCount(place);
    int start = tokens.getElementStartIndex(place);
    IntVector values = (IntVector) tokens.getDataVector();
    for (int i = 0; i < length; i++) {
      target[i] = values.get(start + i);
    }
  }

  void release(int place) {
    requireHeld(place);
    held.clear(place);
  }

  private void requireHeld(int place) {
    if (!held.get(place)) {
      throw new IllegalStateException("the row was released or never added");
    }
  }

  @Override
  public void close() {
    rows.close();
    tokens.close();
  }
}
