package dev.strata.udfs.text;

import dev.strata.udfs.api.StrataException;
import java.util.ArrayList;
import java.util.List;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.OutOfMemoryException;
import org.apache.arrow.memory.RootAllocator;

/**
 * The rows of a partition that were read and are not finished, off heap in Arrow's memory, and the
 * token ids of those that wait: a row's ids are freed when they are taken. Rows are opaque bytes.
 * They lie in batches, and a batch is freed when the last of its rows is released.
 *
 * <p>Any thread may call any method: each runs under one lock, so that a task's thread adds and
 * releases rows while the engine's takes the tokens of others. A slot is its owner's from {@link
 * #add} to {@link #release}.
 */
public final class PromptBuffer implements AutoCloseable {

  private final long limitBytes;
  private final BufferAllocator allocator;
  private final List<PromptBatch> batches = new ArrayList<>(); // null where freed
  private int current = -1; // the batch that takes rows, -1 for none

  /** A buffer that takes at most this many bytes off heap, what Arrow rounds up included. */
  public PromptBuffer(long limitBytes) {
    this.limitBytes = limitBytes;
    this.allocator = new RootAllocator(limitBytes);
  }

  /**
   * Adds a row and returns its slot. Slots of released rows are used again.
   *
   * @throws StrataException if the row does not fit into the limit beside those that are held
   */
  public synchronized int add(byte[] row, int[] tokens) {
    if (current < 0 || batches.get(current).isFull()) {
      current = openBatch();
    }
    try {
      return current * PromptBatch.ROWS + batches.get(current).add(row, tokens);
    } catch (OutOfMemoryException e) {
      throw new StrataException(
          StrataException.Fault.RESOURCES,
          String.format(
              "a row of %d bytes and %d tokens does not fit into the %d bytes off heap for rows"
                  + " read ahead, of which %d are taken",
              row.length, tokens.length, limitBytes, bytes()),
          e);
    }
  }

  /** The bytes of a row. */
  public synchronized byte[] row(int slot) {
    return batch(slot).row(slot % PromptBatch.ROWS);
  }

  /** The number of a row's tokens, whether they were taken or not. */
  public synchronized int tokenCount(int slot) {
    return batch(slot).tokenCount(slot % PromptBatch.ROWS);
  }

  /**
   * Moves a row's tokens to the start of an array that has room for them, and frees their memory.
   *
   * @throws IllegalStateException if they were taken before
   */
  public synchronized void takeTokens(int slot, int[] target) {
    batch(slot).takeTokens(slot % PromptBatch.ROWS, target);
  }

  /** Gives a row up. */
  public synchronized void release(int slot) {
    PromptBatch batch = batch(slot);
    batch.release(slot % PromptBatch.ROWS);
    if (batch.isReleased()) {
      free(slot / PromptBatch.ROWS);
    }
  }

  /** The bytes taken off heap. */
  public synchronized long bytes() {
    return allocator.getAllocatedMemory();
  }

  /**
   * Frees all rows, released or not.
   *
   * @throws IllegalStateException if memory is left over, which would be an error of this class
   */
  @Override
  public synchronized void close() {
    for (int index = 0; index < batches.size(); index++) {
      if (batches.get(index) != null) {
        free(index);
      }
    }
    allocator.close();
  }

  private PromptBatch batch(int slot) {
    int index = slot / PromptBatch.ROWS;
    if (slot < 0 || index >= batches.size() || batches.get(index) == null) {
      throw new IllegalStateException("the row was released or never added");
    }
    return batches.get(index);
  }

  private int openBatch() {
    int index = batches.indexOf(null);
    if (index < 0) {
      batches.add(null);
      index = batches.size() - 1;
    }
    batches.set(index, new PromptBatch(allocator));
    return index;
  }

  private void free(int index) {
    batches.set(index, null).close();
    if (index == current) {
      current = -1;
    }
  }
}
