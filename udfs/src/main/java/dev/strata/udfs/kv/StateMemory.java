package dev.strata.udfs.kv;

import dev.strata.udfs.tensor.DeltaRules;
import java.io.IOException;
import java.util.List;

/**
 * How recurrences get at states. For the computing thread.
 *
 * <p>States go on where they are: after a sweep that was given up half-way some layers' have gone
 * on and others' have not, and the sequences in it have to begin anew.
 */
public interface StateMemory extends AutoCloseable {

  /** A batch's states in a layer, the computing thread's until they are closed. */
  interface Access extends AutoCloseable {

    /** Those of the batch's sequences, in its order. */
    DeltaRules.States states();

    /** They have gone on: they may go where they stay. */
    @Override
    void close();
  }

  /** Cuts micro-batches into batches that can be opened. */
  StateBatch.Cutter cutter();

  /**
   * Announces the batches of the sweep that follows: all of them are opened in each layer that
   * recurs, one after the other.
   */
  void announce(List<StateBatch> batches);

  /** The next batch of a layer, in the order announced. */
  Access open(int layer, StateBatch batch) throws IOException;

  /**
   * Forgets the batches that were announced and not opened, and what went wrong with them, after a
   * sweep that was given up. When this returns nothing is brought to the device or from it. All
   * that were opened must be closed.
   */
  void abandon();

  /** Waits until all states are where they stay. */
  void settle();

  @Override
  void close();
}
