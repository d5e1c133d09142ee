package dev.strata.udfs.spark;

import java.util.List;

/**
 * Makes the rows that come out.
 *
 * @param <O> their type
 */
public interface AnsweredRows<O> {

  /**
   * A row.
   *
   * @param kept what {@link AskedRow} kept of it
   * @param answers one for each of its questions, in their order
   */
  O row(byte[] kept, List<Answer> answers);

  /** All rows have come out. */
  default void finished() {}

  /**
   * The engine worked meanwhile, of which each task of a run that shares it is told a part. Called
   * on the task's thread now and then, and before {@link #closed}.
   */
  default void worked(EngineTotals work) {}

  /**
   * No further row comes out. Called on the task's thread.
   *
   * @param counts the rows that did
   * @param asked the prompts that the engine got
   */
  default void closed(RowCounts counts, long asked) {}
}
